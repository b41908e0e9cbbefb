"""Replies of every kind are what the template writes for such a turn, without its end."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.replies.spoken import ANSWER, KINDS, THOUGHT, absent_kinds, spoken_replies
from tests.replies import formats

CALL = '<tool_call>\n{"name": "tool_q7", "arguments": {"text": "value-v1", "count": 73519}}\n</tool_call>'


def texts(source: str, eos: str = "<|im_end|>") -> dict[str, str]:
    return {s.kind.name: s.text for s in spoken_replies(Reference(source, eos_token=eos), eos)}


def test_every_kind() -> None:
    found = texts(formats.JSON_CALLS)
    assert list(found) == [kind.name for kind in KINDS]
    assert found["answer"] == found["answer beside tools"] == ANSWER
    assert found["thought and answer"] == f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"
    assert found["call"] == CALL
    assert found["thought and call"] == f"<think>\n{THOUGHT}\n</think>\n\n{CALL}"
    assert found["text and call"] == "I look it up." + CALL
    assert found["two calls"].startswith(CALL + '<tool_call>\n{"name": "tool_r8"')
    assert found["call without arguments"] == CALL.partition('{"text')[0] + "{}}\n</tool_call>"


def test_what_opens_in_the_prompt_is_closed_by_the_reply() -> None:
    spoken = {s.kind.name: s for s in spoken_replies(Reference(formats.OPENED), "<|im_end|>")}
    assert set(spoken) == {kind.name for kind in KINDS if kind.thinking}
    one = spoken["thought and answer"]
    assert one.text == f"{THOUGHT}\n</think>\n\n{ANSWER}"
    assert one.prompt.endswith("<think>\n")


def test_what_a_template_does_not_show_is_absent() -> None:
    spoken = spoken_replies(Reference(formats.NO_CALLS), "<|im_end|>")
    assert [s.kind.name for s in spoken] == ["answer", "answer beside tools", "answer by a schema"]
    assert len(absent_kinds(spoken)) == len(KINDS) - 3


@pytest.mark.parametrize("after", ["", "\n"])
def test_a_turn_without_an_end_keeps_what_closes_its_calls(after: str) -> None:
    source = (
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% for c in m.tool_calls or [] %}"
        "<call>{{ c.function.name }}{{ c.function.arguments | tojson }}</call>" + after + "{% endfor %}"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )
    found = texts(source, "<|end|>")
    assert found["call"] == '<call>tool_q7{"text": "value-v1", "count": 73519}</call>' + after
    assert found["answer"] == ANSWER


def test_requests_say_whether_they_want_a_thought_where_the_template_knows_thoughts() -> None:
    think = {s.think for s in spoken_replies(Reference(formats.BARE_CALLS), "<|im_end|>")}
    assert think == {None}
    thinking = spoken_replies(Reference(formats.JSON_CALLS), "<|im_end|>")
    assert all(s.think is bool(s.kind.thinking) for s in thinking)
