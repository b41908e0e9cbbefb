"""PARSER, RENDERER and REQUIRES of a built package, and what is said to be proven beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.check import RENDERED
from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import Build, build
from modelfile_kit.building.prompt_maker import PromptMaker, required_release
from modelfile_kit.micro import build_model
from modelfile_kit.testing.golden_run import golden_cases
from tests.gguf_file.handmade import Typed, gguf, model

# Of its own length and letters, so that create takes it for none of the templates it knows. Ollama would use
# this Jinja rather than a TEMPLATE without tools, and its tags do not read the calls.
TOOLS = (
    "~" * 110 + "{% if tools %}{% for t in tools %}{{ t.function.name }};{% endfor %}{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n<function={{ c.function.name }}>\n"
    "</function>\n</tool_call>{% endfor %}"
    "{% endfor %}<|assistant|>"
)

# What the renderer glm-4.7 writes.
GLM_47 = (
    "[gMASK]<sop>{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}{% endif %}</think>{{ m.content }}"
    "{% elif m.role in ('user', 'system') %}<|{{ m.role }}|>{{ m.content }}{% endif %}{% endfor %}"
    "<|assistant|>{{ '</think>' if enable_thinking is defined and not enable_thinking else '<think>' }}"
)


def built(folder: Path, jinja: str | None = None, **keys: Any) -> Build:
    build_model(folder / "m.gguf", chat_template=jinja)
    lines = {"name": "p", "model": "m.gguf", "projector": "none", **keys}
    path = folder / "mkmodelfile.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return build(path)


def codes(found: Build) -> set[str]:
    return {d.code for d in found.diagnostics}


def test_automatic_means_neither(tmp_path: Path) -> None:
    for keys in ({}, {"parser": "none", "renderer": "none"}):
        found = built(tmp_path, **keys)
        names = [i.name for i in found.modelfile.instructions]
        assert not {"parser", "renderer", "requires"} & set(names)
        assert (found.report["parser"], found.report["renderer"]) == (None, None)
        assert found.plan.mode.chosen == "go"


def test_the_parser_that_is_proven_best_is_written(tmp_path: Path) -> None:
    found = built(tmp_path, TOOLS)
    assert found.modelfile.last("parser") == "qwen3-coder"
    assert found.report["replies"]["tools"] == "exact"
    assert {"MK678"} == codes(found) & {"MK530", "MK670", "MK678"}
    assert "parser     qwen3-coder, by `parser: auto`, as proven best" in found.summary()
    assert "mode" in found.report


def test_a_parser_beside_the_template(tmp_path: Path) -> None:
    without = built(tmp_path, TOOLS, parser="none")
    assert "MK670" in codes(without)
    found = built(tmp_path, TOOLS, parser="qwen3-coder")
    assert found.modelfile.last("parser") == "qwen3-coder"
    assert "parser     qwen3-coder, named by the package" in found.summary()
    assert found.template == without.template
    assert found.plan.mode.chosen == "go"
    assert not {"MK670", "MK671", "MK672", "MK201"} & codes(found)
    assert "MK530" in codes(found)
    assert "tools exact" in found.report["proven"]
    assert found.report["replies"] == {"answer": "exact", "thinking": "absent", "tools": "exact"}
    assert found.compiled is not None
    assert found.compiled.coverage["tools"] == "exact"
    assert found.report["served_by"]["0.30.0"]["uses"] == "template"


def test_the_parsers_capabilities_and_names_reach_the_checks(tmp_path: Path) -> None:
    found = built(tmp_path, TOOLS, parser="harmony")
    report = check_package(found, tokens=False, embedded=False)
    # harmony shows tools under names of its own making: `get-weather` as `get_weather`.
    assert found.plan.maker.parser == "harmony"
    assert report.counts()["mismatch"] == 0
    cases = golden_cases(found, tokenizer=None, update=True)
    assert {c.status.value for c in cases} == {"passed"}


def test_a_renderer_makes_the_prompts(tmp_path: Path) -> None:
    found = built(tmp_path, renderer="glm-4.7", parser="glm-4.7")
    assert found.plan.mode.chosen == "renderer"
    assert (found.template, found.compiled) == (None, None)
    assert (found.modelfile.last("renderer"), found.modelfile.last("parser")) == ("glm-4.7", "glm-4.7")
    assert found.modelfile.last("template") is None
    assert found.modelfile.last("requires") == "0.16.0"
    assert "MK529" in codes(found)
    assert found.report["proven"].startswith("prompts by RENDERER glm-4.7: not exact in every case for chat")
    assert found.report["mode"]["renderer"]["coverage"]["chat"] == "partial"
    assert {s["uses"] for s in found.report["served_by"].values()} == {"renderer"}


def test_a_check_compares_the_renderers_prompts(tmp_path: Path) -> None:
    found = built(tmp_path, renderer="glm-4.7", parser="glm-4.7")
    report = check_package(found, tokens=False, embedded=False)
    assert report.counts()["mismatch"] > 0
    assert all((c.prompt or "").startswith("[gMASK]<sop><|") for c in report.conversations)
    assert {d.help for c in report.conversations for d in c.diagnostics if d.severity == "error"} == {
        RENDERED
    }
    assert not {"MK523", "MK529"} & {d.code for d in report.diagnostics}
    cases = golden_cases(found, tokenizer=None, update=True)
    assert {c.status.value for c in cases} == {"passed"}


def test_a_renderer_that_writes_the_chat_templates_prompts(tmp_path: Path) -> None:
    found = built(tmp_path, GLM_47, renderer="glm-4.7", parser="glm-4.7")
    assert found.plan.rendered is not None
    assert found.plan.rendered.exact(["chat", "thinking"]) == {"chat", "thinking"}
    assert "MK529" not in codes(found)
    report = check_package(found, tokens=False, embedded=False)
    assert report.counts()["mismatch"] == 0
    assert report.counts()["ok"] > 0


def test_renderers_of_old_servers_are_not_proven(tmp_path: Path) -> None:
    found = built(tmp_path, GLM_47, renderer="glm-4.7", parser="glm-4.7", target="'>=0.24'")
    (said,) = [d for d in found.diagnostics if d.code == "MK529"]
    assert "`target` >=0.24 includes servers before 0.30.0" in said.message
    assert "not proven" in found.report["proven"]


# What no TEMPLATE can say, and changes nothing.
TURNED = GLM_47.replace("{{ m.reasoning_content }}", "{{ m.reasoning_content[::-1][::-1] }}")


def test_a_renderer_is_taken_where_it_alone_is_exact(tmp_path: Path) -> None:
    found = built(tmp_path, TURNED)
    assert found.plan.mode.chosen == "renderer"
    assert (found.modelfile.last("renderer"), found.modelfile.last("parser")) == ("glm-4.7", "glm-4.7")
    assert "the TEMPLATE proven exact for chat; not exact in every case for thinking" in found.plan.mode.why
    assert found.template is None
    assert found.report["mode"]["renderer"]["coverage"]["thinking"] == "exact"
    assert "replies by PARSER glm-4.7: answer exact, thinking exact" in found.report["proven"]
    assert found.report["replies"] == {"answer": "exact", "thinking": "exact", "tools": "absent"}
    report = check_package(found, tokens=False, embedded=False)
    assert (report.counts()["mismatch"], report.counts()["ok"] > 0) == (0, True)


def test_a_renderer_is_not_taken_where_it_is_no_better(tmp_path: Path) -> None:
    assert built(tmp_path, GLM_47).plan.mode.chosen == "go"  # both are exact
    other = TURNED.replace("[gMASK]<sop>", "[gMASK]<sop>\\n")
    assert built(tmp_path, other).modelfile.last("renderer") is None
    assert built(tmp_path, TURNED, renderer="none").modelfile.last("renderer") is None
    assert built(tmp_path, TURNED, mode="go").modelfile.last("renderer") is None
    assert built(tmp_path, TURNED, target="0.24.0").modelfile.last("renderer") is None


def test_a_renderer_where_no_template_is_possible(tmp_path: Path) -> None:
    turned = GLM_47.replace("{{ m.content }}", "{{ m.content[::-1][::-1] }}")
    (tmp_path / "t.jinja").write_text(turned)
    found = built(tmp_path, turned, chat_template="t.jinja")
    assert (found.plan.mode.chosen, found.plan.maker.renderer) == ("renderer", "glm-4.7")


def test_what_create_gives_an_architecture_is_written(tmp_path: Path) -> None:
    turns = "{% for m in messages %}<user>{{ m.content }}</user>{% endfor %}<assistant>"
    tokens = ["a", "b", "<user>", "</user>", "<assistant>"]
    own = {"tokenizer__chat_template": Typed("string", turns)}
    (tmp_path / "m.gguf").write_bytes(gguf(model("laguna", tokens, [1, 1, 3, 3, 3], **own)))
    path = tmp_path / "mkmodelfile.yaml"
    path.write_text("name: p\nmodel: m.gguf\nprojector: none\n")
    found = build(path)
    assert (found.modelfile.last("renderer"), found.modelfile.last("parser")) == ("laguna", "laguna")
    assert "`create` gives the architecture a renderer" in found.plan.mode.why
    assert "MK529" in codes(found)
    assert "MK201" not in codes(found)


def test_a_renderer_needs_no_chat_template(tmp_path: Path) -> None:
    found = built(tmp_path, "", renderer="glm-4.7", parser="glm-4.7")
    assert found.reference is None


@pytest.mark.parametrize(
    ("maker", "more", "release"),
    [
        (PromptMaker(), {}, None),
        (PromptMaker("qwen3-coder"), {}, None),  # older than REQUIRES itself
        (PromptMaker("cogito"), {}, None),  # as old
        (PromptMaker("gemma4"), {}, "0.20.0"),
        (PromptMaker("qwen3.5", "qwen3.8"), {}, "0.33.0"),
        (PromptMaker(), {"native": True}, "0.30.0"),
        (PromptMaker(), {"draft": True}, "0.30.0"),
        (PromptMaker("glimmer"), {"draft": True}, "0.33.0"),
    ],
)
def test_requires(maker: PromptMaker, more: dict[str, bool], release: str | None) -> None:
    """The releases are those in which Ollama's sources have the names."""
    assert required_release(maker, **{"native": False, "draft": False, **more}) == release
