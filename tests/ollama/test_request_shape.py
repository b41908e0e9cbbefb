"""The table of the request's members, and what a row is enough for."""

from __future__ import annotations

import pytest

from modelfile_kit import compile_template, lint_modelfile, render_prompt
from modelfile_kit.compiler.ir import verify
from modelfile_kit.ollama import api_types, request_shape
from modelfile_kit.ollama.request_shape import SHAPES, Kind, Member, Shape, fields_in, fields_of, member_of
from modelfile_kit.ollama.versions import SINCE, Target


def test_rows_name_rows_of_the_table_of_releases():
    for row in SHAPES.values():
        for member in row:
            for feature in (member.since, member.omit, member.omit_until):
                assert not feature or feature in SINCE, member


def test_keys_and_fields_are_named_once():
    for row in SHAPES.values():
        keys = [key for member in row for key in member.keys]
        fields = [member.field for member in row]
        assert len(keys) == len(set(keys)) and len(fields) == len(set(fields))


def test_questions():
    reasoning = member_of(Shape.MESSAGE, "reasoning_content")
    assert reasoning is not None and reasoning.field == "Thinking"
    assert member_of(Shape.MESSAGE, "tool_name") is None  # Hugging Face calls it name
    assert fields_in("tools") == {"ToolCalls", "ToolName", "ToolCallID"}
    assert "Content" in fields_of(Kind.TEXT) and "Type" not in fields_of(Kind.TEXT)
    old, new = Target.parse("0.9.0"), Target.parse("latest")
    assert reasoning.on(old)
    assert not SHAPES[Shape.MESSAGE][-1].on(old) and SHAPES[Shape.MESSAGE][-1].on(new)


SPEAKER = Member("speaker", "Speaker", Kind.TEXT, since="native_jinja")
JINJA = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.speaker %}({{ m.speaker }}) {% endif %}{{ m.content }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
GO = "{{ range .Messages }}[{{ .Speaker }}]{{ .Content }}{{ end }}"


@pytest.fixture
def one_more_row(monkeypatch):
    """A member that a future Ollama might bring."""
    row = (*SHAPES[Shape.MESSAGE], SPEAKER)
    monkeypatch.setitem(request_shape.SHAPES, Shape.MESSAGE, row)
    # what was worked out from the table before, and what is worked out from it now
    verify._request.cache_clear()
    yield
    verify._request.cache_clear()


@pytest.mark.usefixtures("one_more_row")
def test_a_new_member_of_a_message_is_one_row():
    messages = [{"role": "user", "content": "Hi", "speaker": "Ann"}, {"role": "assistant", "content": "x"}]
    assert render_prompt(GO, messages) == "[Ann]Hi[]x"
    modelfile = f"FROM x\nTEMPLATE {GO}\n"
    assert "MK241" not in [d.code for d in lint_modelfile(modelfile)]
    assert "MK241" in [d.code for d in lint_modelfile(modelfile, target="0.24.0")]
    compiled = compile_template(JINJA)
    assert compiled.coverage["chat"] == "exact"
    assert ".Speaker" in compiled.template
    assert render_prompt(compiled.template, messages[:1]) == "<|user|>(Ann) Hi<|assistant|>"
    assert ".Speaker" not in compile_template(JINJA, target="0.24.0").template


def test_without_the_row_the_member_does_not_exist():
    with pytest.raises(Exception, match="Speaker"):
        render_prompt(GO, [{"role": "user", "content": "Hi", "speaker": "Ann"}])
    assert ".Speaker" not in compile_template(JINJA).template
    assert api_types.types_for(Target()).message.by_name.keys() == {m.field for m in SHAPES[Shape.MESSAGE]}
