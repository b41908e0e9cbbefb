"""Lines and columns, counted by hand."""

from __future__ import annotations

from modelfile_kit.core.diagnostics import Span
from modelfile_kit.safety.places import Places

SOURCE = "a\r\n  {% if 'x' in y %}\n\tb{% endif %}"


def test_a_text_at_or_after_a_line() -> None:
    places = Places(SOURCE)
    assert places.of(1, ["'x'"]) == Span(line=2, column=9, end_line=2, end_column=12)
    assert places.of(2, ["nothing", "y"]) == Span(line=2, column=16, end_line=2, end_column=17)


def test_the_beginning_of_a_line() -> None:
    assert Places(SOURCE).of(2, ["z"]) == Span(line=2, column=3)
    assert Places(SOURCE).of(9) == Span(line=9, column=1)


def test_an_offset() -> None:
    assert Places(SOURCE).at(SOURCE.index("b{"), 1) == Span(line=3, column=2, end_line=3, end_column=3)
