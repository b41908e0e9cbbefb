"""The tags that are chosen for the replies that a model writes."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.replies.call_tag import NO_CALLS, best_tool_tag
from modelfile_kit.replies.spoken import REPLY_MAX, best_thinking_tags
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


def test_replies_beyond_the_limit_are_not_tried() -> None:
    source = formats.JSON_CALLS.replace("<tool_call>\n", "<tool_call>" + "\n" * REPLY_MAX)
    assert best_tool_tag(Reference(source)) == "<tool_call>"
