from __future__ import annotations

import pytest

from modelfile_kit.diff.compare import compare
from modelfile_kit.diff.part import Outcome
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model, build_pair


def outcomes(compared):
    return {p.name: str(p.outcome) for p in compared.parts}


def test_two_ggufs(tmp_path, side):
    model = build_model(tmp_path / "a.gguf")
    patch(model, tmp_path / "b.gguf", {"general.name": "other"})
    found = compare(side("a.gguf"), side("b.gguf"), data=True)
    assert outcomes(found) == {
        "metadata": "different",
        "vocabulary": "equal",
        "tensors": "equal",
        "tensor data": "equal",
        "chat template": "equal",
        "prompts": "equal",
        "replies": "equal",
    }
    assert not found.equal
    assert compare(side("a.gguf"), side("a.gguf")).equal


def test_the_prompts_of_a_named_chat_template(tmp_path, side):
    """Written by hand: the second file's `tool_use` writes a word more before the tools."""
    template = "{{% for m in messages %}}[{{{{ m.role }}}}]{{{{ m.content }}}}{{% endfor %}}{}"
    tools = "{{% for t in tools or [] %}}{}{{{{ t.function.name }}}};{{% endfor %}}"
    model = build_model(tmp_path / "m.gguf")
    for name, word in (("a.gguf", ""), ("b.gguf", "use ")):
        named = {"tokenizer.chat_template.tool_use": template.format(tools.format(word))}
        patch(model, tmp_path / name, {"tokenizer.chat_templates": ["tool_use"], **named})
    found = compare(side("a.gguf"), side("b.gguf"))
    told = outcomes(found)
    assert (told["prompts"], told["chat template tool_use"]) == ("equal", "different")
    name = "chat template tool_use, prompts: "
    assert (told[f"{name}chat"], told[f"{name}tools"]) == ("equal", "different")
    (part,) = (p for p in found.parts if p.name == f"{name}tools")
    shown = part.data["examples"][0]
    before, after = shown["before"]["prompt"], shown["after"]["prompt"]
    assert "use " not in before and after.replace("use ", "") == before != after
    assert not any(p.startswith("chat template tool_use, ") for p in outcomes(compare(*[side("a.gguf")] * 2)))


def test_two_packages_by_meaning(tmp_path, side):
    for name, more in (("a", "parameters: {temperature: 0.8, top_k: 7}"), ("b", "parameters: {top_k: 7}")):
        build_pair(tmp_path / name)
        text = f"name: tiny\nmodel: micro-glm4v.gguf\n{more}\n"
        (tmp_path / name / "mkmodelfile.yaml").write_text(text)
    found = compare(side("a"), side("b"))
    assert found.equal
    assert {"projector's metadata", "projector's tensors", "TEMPLATE", "instructions"} <= outcomes(
        found
    ).keys()
    (tmp_path / "b" / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\nsystem: s\n")
    other = compare(side("a"), side("b"))
    assert [n for n, o in outcomes(other).items() if o == "different"][:2] == [
        "instructions",
        "prompts: chat",
    ]


def test_what_a_side_does_not_have_is_said(tmp_path, side):
    build_model(tmp_path / "a.gguf")
    go = side("b.gotmpl", "{{ range .Messages }}{{ .Content }}{{ end }}")
    found = compare(side("a.gguf"), go)
    assert outcomes(found)["GGUF"] == "not compared"
    assert outcomes(found)["chat template"] == "not compared"
    text = side("Modelfile", "FROM qwen3\n")
    assert compare(text, go).parts[0].outcome is Outcome.DIFFERENT  # it has no TEMPLATE, and could have one
    assert outcomes(compare(text, go))["prompts"] == "not compared"


@pytest.mark.parametrize("turned", [False, True])
def test_a_missing_chat_template_is_a_difference_of_two_ggufs(tmp_path, side, turned):
    model = build_model(tmp_path / "a.gguf")
    patch(model, tmp_path / "b.gguf", {"tokenizer.chat_template": None})
    sides = [side("a.gguf"), side("b.gguf")]
    found = compare(*(reversed(sides) if turned else sides))
    assert outcomes(found)["chat template"] == "different"
    assert outcomes(found)["prompts"] == "not compared"
