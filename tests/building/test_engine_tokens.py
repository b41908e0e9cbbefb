"""A build on vocabularies that add BOS or EOS: the TEMPLATE, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.building.plan import BuildError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro import build_model

BOS = EOS = "<|endoftext|>"  # the micro model's
PLAIN = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"
WITH = "{{ bos_token }}" + PLAIN
ADD_BOS, ADD_EOS = "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"


@pytest.fixture
def built(tmp_path: Path) -> Any:
    def built(jinja: str, template: str | None = None, *, mode: str = "go", **keys: bool) -> Build:
        model = build_model(tmp_path / "m.gguf", chat_template=jinja)
        patch(model, model, {f"tokenizer.ggml.{name}": value for name, value in keys.items()})
        text = f"name: a\nmodel: m.gguf\nprojector: none\nmode: {mode}\n"
        if template is not None:
            (tmp_path / "t.gotmpl").write_text(template)
            text += "template: t.gotmpl\n"
        (tmp_path / "mkmodelfile.yaml").write_text(text)
        return build(tmp_path)

    return built


def codes(found: Build) -> list[str]:
    return [d.code for d in found.diagnostics if d.code in ("MK325", "MK702", "MK703", "MK728")]


@pytest.mark.parametrize(
    ("jinja", "adds", "writes", "said"),
    [
        (WITH, True, False, []),
        (WITH, False, True, []),
        (PLAIN, False, False, []),
        (PLAIN, True, False, ["MK703"]),
        # BOS in the chat template's own text, and before each turn
        (f"{BOS}{PLAIN}", True, False, []),
        (PLAIN.replace("<|{{", "{% if loop.first %}{{ bos_token }}{% endif %}<|{{"), True, False, []),
    ],
)
def test_bos_is_written_where_the_engine_adds_none(
    built: Any, jinja: str, adds: bool, writes: bool, said: list[str]
) -> None:
    found = built(jinja, add_bos_token=adds)
    assert found.compiled.coverage["chat"] == "exact"
    assert (BOS in found.template) == writes
    assert codes(found) == said
    # lint judges the same Modelfile by the same rule
    linted = lint_modelfile(str(found.modelfile), base=found.path.parent)
    assert [d.code for d in linted if d.code in ("MK325", "MK702", "MK703", "MK728")] == said


def test_the_way_out_is_a_command(built: Any) -> None:
    found = built(PLAIN, add_bos_token=True)
    [told] = [d for d in found.diagnostics if d.code == "MK703"]
    assert f"`mkmodelfile patch m.gguf --set {ADD_BOS}=false`" in told.help


def test_llama_2_writes_bos_before_every_question(built: Any) -> None:
    jinja = (
        "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}<|user|>{{ m.content }}"
        "{% elif m.role == 'assistant' %}<|assistant|>{{ m.content }}{% endif %}{% endfor %}<|assistant|>"
    )
    found = built(jinja, add_bos_token=True)
    assert found.compiled.coverage["chat"] == "exact"
    assert codes(found) == []
    assert BOS in found.template


def test_eos(built: Any) -> None:
    with pytest.raises(BuildError) as caught:
        built(PLAIN, add_eos_token=True)
    assert caught.value.code == "MK728"
    assert f"--set {ADD_EOS}=false`" in caught.value.help
    ends = built(PLAIN + "{{ eos_token }}", add_eos_token=True)
    assert EOS not in ends.template
    assert codes(ends) == []
    assert built(PLAIN + "{{ eos_token }}", add_eos_token=False).template.endswith(EOS)


def test_a_hand_written_template_is_judged_and_kept(built: Any) -> None:
    go = "{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"
    twice = built(WITH, BOS + go, add_bos_token=True)
    assert (twice.template, codes(twice)) == (BOS + go, ["MK325"])
    assert codes(built(WITH, go, add_bos_token=False)) == ["MK702"]
    assert codes(built(WITH, go, add_bos_token=True)) == []


def test_native_mode(built: Any) -> None:
    assert codes(built(WITH, mode="native", add_bos_token=True)) == []
    assert codes(built(PLAIN, mode="native", add_bos_token=True)) == ["MK703"]
