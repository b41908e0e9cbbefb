"""The tags around thoughts and before calls."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.replies.tags import thinking_tags, tool_tags
from tests.replies import formats


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (formats.JSON_CALLS, ("<think>", "</think>")),
        # The words between two tokens, and what stands before a token, belong to the tag.
        (formats.CHANNELS, ("<|channel|>thought<|say|>", "<|end|>")),
        (
            "{% for m in messages %}<|open|>{{ m.role }}<|sep|>{% if m.role == 'assistant' %}"
            "<|open|>think<|sep|>{{ m.thinking }}<|close|>think<|sep|>{% endif %}{{ m.content }}<|eom|>"
            "{% endfor %}"
            "{% if add_generation_prompt %}<|open|>assistant<|sep|><|open|>think<|sep|>{% endif %}",
            ("<|open|>think<|sep|>", "<|close|>"),
        ),
        (
            "{% for m in messages %}<seed:think>{{ m.thinking }}</seed:think>{{ m.content }}{% endfor %}",
            ("<seed:think>", "</seed:think>"),
        ),
        ("{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}", ("<think>", "</think>")),
        ("[THINK]x[/THINK]{% for m in messages %}{{ m.content }}{% endfor %}", ("[THINK]", "[/THINK]")),
        ("<|reason>{% for m in messages %}{{ m.content }}{% endfor %}", None),
    ],
)
def test_thinking_tags(source: str, expected: tuple[str, str] | None) -> None:
    assert next(thinking_tags(Reference(source)), None) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (formats.JSON_CALLS, ["<tool_call>", "{"]),
        (formats.MARKED_CALLS, ["<|calls|>", "<|calls|><|call|>", "{"]),
        (formats.BARE_CALLS, ["{"]),
        (formats.NO_CALLS, ["{"]),
        (
            "{% if tools %}Answer with <|tool_call|> first.{% endif %}" + formats.NO_CALLS,
            ["<|tool_call|>", "{"],
        ),
    ],
)
def test_tool_tags(source: str, expected: list[str]) -> None:
    assert list(dict.fromkeys(tool_tags(Reference(source)))) == expected
