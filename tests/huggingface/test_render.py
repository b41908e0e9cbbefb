"""Messages in Ollama's shape, rendered as Hugging Face would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface import ConversationRefusedError, Reference, render_reference

USER = [{"role": "user", "content": "hi"}]
SHOW = "{{ messages | tojson }}"


def seen(message: dict[str, Any]) -> dict[str, Any]:
    shown = json.loads(render_reference(SHOW, [{"role": "user", "content": ""} | message]))
    return shown[0]


def test_pictures_come_before_the_text() -> None:
    assert seen({"content": "look", "images": 2})["content"] == [
        {"type": "image"},
        {"type": "image"},
        {"type": "text", "text": "look"},
    ]


def test_reasoning_is_seen_under_both_names() -> None:
    shown = seen({"role": "assistant", "thinking": "why"})
    assert shown["reasoning_content"] == shown["thinking"] == "why"
    assert next(iter(shown)) == "thinking"


def test_absent_values_are_dropped() -> None:
    assert seen({"content": None, "tool_calls": None}) == {"role": "user"}


def test_tool_names_and_calls() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": {"b": 1, "a": 2}}}
    assert seen({"role": "assistant", "tool_calls": [call]})["tool_calls"] == [{"type": "function", **call}]
    assert seen({"role": "tool", "tool_name": "f"})["name"] == "f"


@pytest.mark.parametrize(
    ("think", "expected"), [(None, "-/-"), (True, "True/True"), (False, "False/False"), ("low", "low/low")]
)
def test_think_becomes_both_arguments(think: bool | str | None, expected: str) -> None:
    template = "{{ enable_thinking | default('-') }}/{{ thinking | default('-') }}"
    assert render_reference(template, USER, think=think) == expected


@pytest.mark.parametrize(("think", "expected"), [(None, "-"), (True, "-"), (False, "-"), ("low", "low")])
def test_a_level_is_the_reasoning_effort(think: bool | str | None, expected: str) -> None:
    template = "{{ reasoning_effort | default('-') }}"
    assert render_reference(template, USER, think=think) == expected
    assert render_reference(template, USER, think=think, reasoning_effort="high") == "high"


def test_tokens_may_be_undefined() -> None:
    template = "{{ bos_token is defined }}{{ bos_token }}{{ eos_token }}"
    assert render_reference(template, USER, bos_token="<s>", eos_token=None) == "True<s>"
    assert render_reference(template, USER, bos_token=None, eos_token="</s>") == "False</s>"


def test_tools_are_given_as_they_are() -> None:
    tool = {"type": "function", "function": {"name": "f", "strict": True}}
    assert json.loads(render_reference("{{ tools | tojson }}", USER, tools=[tool])) == [tool]
    assert render_reference("{{ tools is none }}", USER) == "True"
    assert render_reference("{{ tools is none }}{{ tools }}", USER, tools=[]) == "False[]"


def test_further_arguments_reach_the_template() -> None:
    template = "{{ documents[0].title }}{{ date_string }}{{ add_generation_prompt }}"
    got = render_reference(
        template, USER, documents=[{"title": "T"}], date_string="D", add_generation_prompt=False
    )
    assert got == "TDFalse"


def test_a_refusal_is_told_from_a_failure() -> None:
    with pytest.raises(ConversationRefusedError) as e:
        render_reference("a\n{{ raise_exception('Only users!') }}", USER)
    assert e.value.reason == "Only users!"
    assert e.value.span is not None
    assert e.value.span.line == 2
    with pytest.raises(TemplateReferenceError) as f:
        render_reference("{{ messages[0]['content'] + 1 }}", USER)
    assert not isinstance(f.value, ConversationRefusedError)
    assert "messages[0]['content'] + 1" in f.value.message


def test_a_refusal_inside_a_macro_names_the_line_of_the_call_inside() -> None:
    template = "{% macro m() %}\n{{ raise_exception('no') }}\n{% endmacro %}\n{{ m() }}"
    with pytest.raises(ConversationRefusedError) as e:
        render_reference(template, USER)
    assert e.value.span is not None
    assert e.value.span.line == 2


def test_an_empty_conversation_is_an_error() -> None:
    with pytest.raises(TemplateReferenceError, match="empty"):
        render_reference("x", [])


def test_one_reference_renders_many_times_without_memory() -> None:
    reference = Reference("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ bos_token }}")
    assert [reference.render(USER) for _ in range(3)] == ["1", "1", "1"]


def test_messages_are_not_changed() -> None:
    message = {"role": "user", "content": "hi", "images": 1, "thinking": "t", "tool_calls": None}
    before = dict(message)
    render_reference(SHOW, [message])
    assert message == before
