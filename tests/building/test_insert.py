"""Gaps in a text: a TEMPLATE with .Suffix, where the vocabulary has the tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.insert import with_insert
from modelfile_kit.building.sources import open_files
from modelfile_kit.compiler import compile_template
from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import PromptError
from modelfile_kit.gotemplate import LimitError
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.package.package import load_package

# Of its own length and letters, so that create takes it for none of the templates it knows.
JINJA = "~" * 110 + (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TOKENS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
HI = Conversation("hi", ({"role": "user", "content": "Hi"},))


def package(folder: Path, tokens: tuple[str, ...] = TOKENS, extra: str = "") -> Path:
    build_model(folder / "m.gguf", chat_template=JINJA, extra_tokens=tokens)
    path = folder / "mkmodelfile.yaml"
    path.write_text(f"name: gap\nmodel: m.gguf\nprojector: none\ntarget: '0.33.0'\n{extra}")
    return path


def test_the_template_fills_gaps_and_keeps_its_prompts(tmp_path: Path) -> None:
    built = build(package(tmp_path))
    assert built.template is not None
    template = PromptTemplate(built.template)
    assert "insert" in template.capabilities
    gap = template.render_generate("def f(", suffix="return 1")
    assert gap == "<|fim_prefix|>def f(<|fim_suffix|>return 1<|fim_middle|>"
    assert template.render(HI.messages) == built.expected(HI.messages)
    assert built.report["insert"]["tokens"] == list(TOKENS)
    assert any(line.startswith("insert     <|fim_prefix|>") for line in built.summary())


def test_without_the_tokens_it_is_said(tmp_path: Path) -> None:
    built = build(package(tmp_path, TOKENS[:2]))
    assert built.template is not None
    assert ".Suffix" not in built.template
    assert "insert     none: the vocabulary has no fill-in-the-middle tokens" in built.summary()
    with pytest.raises(PromptError, match="insert"):
        PromptTemplate(built.template).render_generate("a", suffix="b")


def test_native_mode_has_none(tmp_path: Path) -> None:
    built = build(package(tmp_path, extra="mode: native\n"))
    assert built.report["insert"]["tokens"] == []


@pytest.mark.parametrize(
    "template",
    [
        '{{- define "turn" }}<|{{ .Role }}|>{{ if .Content }}{{ .Content }}{{ end }}{{ end }}\n'
        '{{- range .Messages }}{{ template "turn" . }}{{ end }}',
        '{{- define "turn" }}<|{{ .Role }}|>{{ .Content }}{{ end }}text {{ range .Messages }}'
        '{{ template "turn" . }}{{ end }} end',
        "{{- range .Messages }}{{ .Content }}{{ end }}\n",
        "text {{ range .Messages }}{{ .Content }}{{ end }}",
    ],
)
def test_where_the_definitions_end(tmp_path: Path, template: str) -> None:
    files = open_files(load_package(package(tmp_path)))
    whole, insert = with_insert(template, files, [HI], "latest")
    assert insert.tokens == TOKENS
    assert whole is not None
    assert PromptTemplate(whole).render(HI.messages) == PromptTemplate(template).render(HI.messages)


def test_prompts_that_a_limit_stopped_are_not_known_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(package(tmp_path))
    assert built.template is not None and ".Suffix" in built.template
    plain = compile_template(JINJA, eos_token="").template
    files = open_files(load_package(tmp_path))

    def stopped(*_: object, **__: object) -> str:
        raise LimitError("the template was stopped: it takes more than 9 steps")

    monkeypatch.setattr(PromptTemplate, "render", stopped)
    template, insert = with_insert(plain, files, (HI,), "latest")
    assert (template, insert.tokens) == (plain, None)
    assert "not known" in insert.why and "9 steps" in insert.why
