from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from modelfile_kit.report.cells import columns, painted, pieces


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("你好", 4), ("e\u0301", 1), ("", 0), ("│─✓", 3)])
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width == cell_len(text)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 5, [""]),
        ("a new line", 5, ["a new", "line"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("ab cdefgh", 4, ["ab c", "defg", "h"]),
        ("你好吗", 4, ["你好", "吗"]),
    ],
)
def test_pieces(text: str, width: int, expected: list[str]) -> None:
    assert pieces(text, width) == expected


@given(st.text("ab 你\u0301", max_size=40), st.integers(2, 20))
def test_pieces_fit_and_nothing_is_lost(text: str, width: int) -> None:
    found = pieces(text, width)
    assert all(columns(piece) <= width for piece in found)
    assert "".join("".join(found).split(" ")) == "".join(text.split(" "))


def test_only_what_has_a_style_is_painted() -> None:
    assert painted("a", True, fg="red") == "\x1b[31ma\x1b[0m"
    assert painted("a", True, bold=True) == "\x1b[1ma\x1b[0m"  # and no code that ends `dim`
    assert [painted("a", False, bold=True), painted("a", True), painted("", True, dim=True)] == ["a", "a", ""]
