"""Positions, against a reader that counts one character after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.lsp.document_text import UTF8, UTF16, UTF32, DocumentText

UNITS = {UTF8: "utf-8", UTF16: "utf-16-le", UTF32: "utf-32-le"}
WIDTHS = {UTF8: 1, UTF16: 2, UTF32: 4}
texts = st.text(st.sampled_from("ab \r\n\u2028\x0c\x85é漢😀👨\u200d\ud83d"), max_size=40)


def counted(text: str, offset: int, unit: str) -> tuple[int, int]:
    """Line and column, by the protocol's words: lines end at CR LF, LF and CR."""
    line = column = 0
    for at, character in enumerate(text[:offset]):
        if character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n"):
            line, column = line + 1, 0
        elif character != "\r":
            column += len(character.encode(UNITS[unit], "surrogatepass")) // WIDTHS[unit]
    return line, column


@given(texts, st.sampled_from(list(UNITS)), st.data())
def test_every_index_has_its_position_and_back(text, unit, data) -> None:
    offset = data.draw(st.integers(0, len(text)))
    found = DocumentText(text, unit)
    assert found.position(offset) == counted(text, offset, unit)
    inside = text[offset - 1 : offset + 1] == "\r\n"  # no position is there
    assert found.offset(*found.position(offset)) == offset - inside


@given(texts, st.sampled_from(list(UNITS)), st.integers(-1, 50), st.integers(-1, 99))
def test_any_position_is_an_index_of_its_line(text, unit, line, column) -> None:
    found = DocumentText(text, unit)
    at = found.offset(max(line, 0), column)
    assert 0 <= at <= len(text)
    assert found.position(at)[0] == min(max(line, 0), len(found.starts) - 1)


def test_an_emoji_is_two_units_and_a_position_in_it_is_its_start() -> None:
    found = DocumentText("SYSTEM 你😀x\nz", UTF16)
    assert [found.position(i) for i in (7, 8, 9, 10)] == [(0, 7), (0, 8), (0, 10), (0, 11)]
    assert (found.offset(0, 8), found.offset(0, 9), found.offset(0, 10)) == (8, 8, 9)
    assert DocumentText("你😀x", UTF8).position(2) == (0, 7)
    assert DocumentText("你😀x", UTF32).position(2) == (0, 2)


def test_a_form_feed_and_u2028_end_no_line() -> None:
    found = DocumentText("a\x0cb\u2028c\x85d\ne")
    assert found.starts == [0, 8]
    assert found.position(9) == (1, 1)


def test_halves_of_a_character_that_meet_are_one() -> None:
    assert DocumentText("a\ud83d\ude00").text == "a😀"
    assert DocumentText("\ud83d").replaced((0, 1), (0, 1), "\ude00").text == "😀"
    assert DocumentText("\ud83d").replaced((0, 1), (0, 1), "x").text == "\ud83dx"


@given(texts, texts, st.data())
def test_an_edit_replaces_what_it_names(text, new, data) -> None:
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    found = DocumentText(text)
    edited = found.replaced(found.position(first), found.position(last), new)
    between = [offset - (text[offset - 1 : offset + 1] == "\r\n") for offset in (first, last)]
    assert edited.text == text[: between[0]] + new + text[between[1] :]


@pytest.mark.parametrize(("line", "column", "at"), [(1, 1, 0), (2, 3, 6), (2, 99, 7), (9, 1, 8)])
def test_places_of_findings_count_from_one_in_characters(line, column, at) -> None:
    assert DocumentText("a😀b\nc漢d\n").place(line, column) == at
