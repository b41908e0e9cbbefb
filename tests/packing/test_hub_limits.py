"""What the hub cannot carry is told, with what is lost by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.gguf_file import read_header
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.packing.hub_limits import (
    INSTRUCTION_LOST,
    JINJA_WINS,
    NATIVE_ON_HUB,
    NOT_ON_HUB,
    PARSER_LOST,
    check_for_hub,
    hub_template,
)
from tests.gguf_file.handmade import Typed, gguf
from tests.integration.own_templates import TOOLS
from tests.replies import formats

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def told(built) -> dict[str, Severity]:
    return {d.code: d.severity for d in check_for_hub(built)}


def test_a_plain_package_loses_nothing(seeing) -> None:
    assert check_for_hub(seeing("system: Be brief.\nparameters: {temperature: 0.5}\n")) == []


def test_messages_licence_and_spaces_of_the_system_text(seeing, tmp_path) -> None:
    (tmp_path / "LICENSE").write_text("Do what you like.\n")
    found = check_for_hub(
        seeing("messages: [{role: user, content: Hi}]\nlicense: LICENSE\nsystem: |\n  Be brief.\n")
    )
    assert [d.code for d in found] == [INSTRUCTION_LOST] * 3
    assert [d.severity for d in found] == [WARNING, WARNING, INFO]
    assert "MESSAGE" in found[0].message and "white space" in found[1].message
    assert "LICENSE" in found[2].message
    assert all(d.span and d.span.line for d in found)


def test_a_quantization_by_the_server(seeing) -> None:
    [found] = check_for_hub(seeing("quantize: q4_K_M\n"))
    assert (found.code, found.severity) == (NOT_ON_HUB, ERROR)
    assert "mkmodelfile quantize MODEL q4_K_M" in found.help


def test_a_renderer(seeing) -> None:
    [found] = check_for_hub(seeing("renderer: glm-ocr\nparser: glm-ocr\n"))
    assert (found.code, found.severity) == (NOT_ON_HUB, ERROR)
    assert "RENDERER (glm-ocr)" in found.message


@pytest.mark.parametrize(("source", "lost"), [(formats.XML_CALLS, True), (formats.JSON_CALLS, False)])
def test_a_parser_that_reads_more_than_the_tags(speaking, source: str, lost: bool) -> None:
    built = speaking(source, "mode: go\nparser: qwen3-coder\n" if lost else "mode: go\nparser: none\n")
    found = told(built)
    assert (PARSER_LOST in found) == lost
    if lost:
        [finding] = [d for d in check_for_hub(built) if d.code == PARSER_LOST]
        assert finding.severity is WARNING
        assert "no longer read back: " in finding.message


def test_without_its_parser_a_template_may_lose_to_the_jinja(speaking, tmp_path) -> None:
    # By hand, after shouldPreferChatTemplate: the chat template shows tools, this TEMPLATE does not.
    (tmp_path / "own.gotmpl").write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    built = speaking(TOOLS, "mode: go\nparser: qwen3\ntemplate: own.gotmpl\n")
    assert told(built)[JINJA_WINS] is WARNING


def test_native_mode_is_carried_where_the_jinja_wins(speaking) -> None:
    built = speaking(TOOLS, "mode: native\n")
    assert told(built) == {NATIVE_ON_HUB: WARNING}
    assert hub_template(built) == "{{ .Prompt }}"


def test_native_mode_is_refused_where_a_template_would_win(speaking) -> None:
    plain = (
        "~" * 110 + "{% for m in messages %}<|{{ m.role }}|>{{ m.content | upper }}{% endfor %}<|assistant|>"
    )
    [found] = check_for_hub(speaking(plain, "mode: native\n"))
    assert (found.code, found.severity) == (NOT_ON_HUB, ERROR)


def test_what_a_model_is_made_of_besides(seeing, tmp_path) -> None:
    built = seeing()
    package = replace(built.package, adapters=(tmp_path / "lora.gguf",), draft=tmp_path / "draft.gguf")
    found = check_for_hub(replace(built, package=package))
    assert [(d.code, d.severity) for d in found] == [(NOT_ON_HUB, ERROR), (INSTRUCTION_LOST, INFO)]
    assert "adapters" in found[0].message and "DRAFT" in found[1].message


def test_a_split_model(seeing, tmp_path) -> None:
    built = seeing()
    part = tmp_path / "m-00001-of-00002.gguf"
    said = {"general.architecture": Typed("string", "glm4"), "split.count": Typed("uint16", 2)}
    part.write_bytes(gguf(said))
    files = replace(built.files, header=read_header(part))
    [found] = check_for_hub(replace(built, files=files))
    assert (found.code, found.severity) == (NOT_ON_HUB, ERROR)
    assert "llama-gguf-split --merge" in found.help


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("{{ .Prompt }}\n", '{{ .Prompt }}{{ "\\n" }}'),
        (" \t{{ .Prompt }}", '{{ " \\t" }}{{ .Prompt }}'),
        ("\n{{- .Prompt -}}\n", "{{- .Prompt -}}"),
        ("{{ .Prompt }}x", "{{ .Prompt }}x"),
    ],
)
def test_white_space_at_the_ends_is_safe(seeing, tmp_path, template: str, written: str) -> None:
    (tmp_path / "own.gotmpl").write_text(template)
    built = seeing("template: own.gotmpl\n")
    assert hub_template(built) == written
    for text in ("Hi", " \n"):
        messages = [{"role": "user", "content": text}]
        assert render_prompt(written, messages) == render_prompt(template, messages)
