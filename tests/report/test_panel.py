"""A panel: every line as wide as the others, at every width; nothing foreign in it is obeyed."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from modelfile_kit.report.panel import WIDEST, panel_lines, rows_of

ROWS = [
    ("type", "model (Ollama uses it as the model layer)"),
    ("name", "一个会看图的模型 with a name that goes on and on, and has a_very_long_word_" + "x" * 60),
    ("", "more of it"),
    ("chat template", "\x1b[2J\u202e"),
]


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_it_fits(width: int, color: bool) -> None:
    lines = panel_lines("a title that may be longer than the panel itself is", ROWS, width=width, color=color)
    bare = [re.sub(r"\x1b\[\d+m", "", line) for line in lines]
    assert {cell_len(line) for line in bare} == {min(width, WIDEST)}
    assert bare[0].startswith("╭─ a title")
    assert (lines != bare) is color
    text = "".join("".join(line.strip("│ ") for line in bare).split())
    for _, value in ROWS[:3]:
        assert "".join(value.split()) in text
    assert "\\x1b[2J\\u202e" in text


def test_on_a_narrow_terminal_a_value_stands_under_its_name() -> None:
    assert panel_lines("m.gguf", [("type", "model"), ("", "more")], width=22) == [
        "╭─ m.gguf ───────────╮",
        "│ type               │",
        "│   model            │",
        "│   more             │",
        "╰────────────────────╯",
    ]


def test_rows_of_plain_lines() -> None:
    lines = ["model      m.gguf", "in Ollama  a;", "           b", "           c"]
    assert rows_of(lines, 11) == [("model", "m.gguf"), ("in Ollama", "a; b; c")]
