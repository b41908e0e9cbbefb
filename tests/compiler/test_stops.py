"""Where a reply ends, and the tags around a thought, as the reference shows them."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.stops import stops, thinking_tags, tool_tag
from modelfile_kit.jinja_reference import Reference

TURNS = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{{ END }}{% endfor %}<|assistant|>\n"
CALLS = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    '{"name": "{{ c.function.name }}"}{% endfor %}{% endfor %}<|assistant|>'
)


@pytest.mark.parametrize(
    ("source", "eos", "expected"),
    [
        (TURNS.replace("{{ END }}", "<|end|>\n"), "", ["<|end|>"]),
        (TURNS.replace("{{ END }}", "</s>"), "</s>", ["</s>"]),
        (TURNS.replace("{{ END }}", ""), "", ["<|user|>", "<|tool|>"]),
        ("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "", ["user:"]),
    ],
)
def test_stops(source: str, eos: str, expected: list[str]) -> None:
    assert stops(Reference(source, eos_token=eos), eos)[:1] == expected[:1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "{% for m in messages %}<seed:think>{{ m.thinking }}</seed:think>{% endfor %}",
            ("<seed:think>", "</seed:think>"),
        ),
        ("{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}", ("<think>", "</think>")),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", None),
    ],
)
def test_thinking_tags(source: str, expected: tuple[str, str] | None) -> None:
    assert thinking_tags(Reference(source)) == expected


def test_tool_tag() -> None:
    assert tool_tag(Reference(CALLS)) == "<tool_call>"
    assert tool_tag(Reference(CALLS.replace("<tool_call>", ""))) == "{"
