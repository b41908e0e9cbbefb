"""Replies as the model would write them, and the tags that are chosen for them."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.reply_types import ToolCall
from modelfile_kit.replies.reading_back import (
    NO_CALLS,
    REPLY_MAX,
    answered,
    best_thinking_tags,
    best_tool_tag,
    same_calls,
    written_replies,
)
from modelfile_kit.replies.turns import ANSWER, THOUGHT
from tests.replies import formats

THINK = ("<think>", "</think>")


@pytest.mark.parametrize(
    ("source", "thinking", "tool"),
    [
        (formats.JSON_CALLS, THINK, "<tool_call>"),
        # The first of several tokens is the one that the engine leaves in the text.
        (formats.MARKED_CALLS, THINK, "<|calls|>"),
        (formats.BARE_CALLS, None, "{"),
        (formats.XML_CALLS, THINK, "{"),
        # "{" would give the whole object as arguments.
        (formats.ODD_JSON_CALLS, None, NO_CALLS),
        (formats.CHANNELS, ("<|channel|>thought<|say|>", "<|end|>"), "to="),
        (formats.NO_CALLS, None, "{"),
        (formats.OPENED + "{# </think> #}", THINK, "<tool_call>"),
    ],
)
def test_the_best_tags(source: str, thinking: tuple[str, str] | None, tool: str) -> None:
    reference = Reference(source)
    assert best_thinking_tags(reference) == thinking
    assert best_tool_tag(reference) == tool


def test_replies_hold_what_was_put_into_them() -> None:
    replies = written_replies(Reference(formats.JSON_CALLS), THINK)
    assert any(r.text == f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}" for r in replies)
    assert any(len(r.calls) == 2 and r.thinking for r in replies)
    assert all(("tool_q7" in r.text) == bool(r.calls) for r in replies)
    assert all((THOUGHT in r.text) == bool(r.thinking) for r in replies)
    assert not any("<|im_end|>" in r.text for r in replies)


def test_a_thought_goes_where_the_prompt_opens_it() -> None:
    replies = written_replies(Reference(formats.OPENED), THINK)
    thinking = [r for r in replies if r.thinking]
    assert any(r.text == f"{THOUGHT}\n</think>\n\n{ANSWER}" for r in thinking)
    for reply in thinking:
        found = answered(reply, THINK, "<tool_call>", 1)
        assert found.thinking.strip() == THOUGHT
        assert same_calls(found.tool_calls, reply.calls)


def test_without_tags_no_request_thinks() -> None:
    assert {r.turn.think for r in written_replies(Reference(formats.BARE_CALLS), None)} == {None}
    assert {r.turn.think for r in written_replies(Reference(formats.JSON_CALLS), THINK)} == {True, False}


def test_what_closes_a_call_stays_where_turns_have_no_end() -> None:
    """As in GLM-4.6, where the next role's token shows that a turn is over."""
    source = (
        "{% if tools %}{{ tools | tojson }}{% endif %}"
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}"
        "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }}\n"
        "{{ c.function.arguments | tojson }}</tool_call>{% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )
    calls = [r for r in written_replies(Reference(source), None) if r.calls]
    assert calls
    assert all(r.text.endswith("</tool_call>") for r in calls)


def test_same_calls() -> None:
    one = ToolCall("a", {"x": 1})
    assert same_calls([one], [ToolCall("a", {"x": 1.0})])
    assert not same_calls([one], [])
    assert not same_calls([one], [ToolCall("b", {"x": 1})])
    assert not same_calls([one], [ToolCall("a", {"x": 2})])


def test_replies_beyond_the_limit_are_not_tried() -> None:
    source = formats.JSON_CALLS.replace("<tool_call>\n", "<tool_call>" + "\n" * REPLY_MAX)
    replies = written_replies(Reference(source), THINK)
    assert replies
    assert not any(r.calls for r in replies)
    assert best_tool_tag(Reference(source)) == "<tool_call>"
