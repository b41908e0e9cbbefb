"""A text with an editor's positions: lines from 0, and columns in the units that the client counts in."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from ..ollama.grammar import LINE_BREAK

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"
_WIDTH = {UTF8: 1, UTF16: 2, UTF32: 4}  # bytes of a unit
_CODEC = {UTF8: "utf-8", UTF16: "utf-16-le", UTF32: "utf-32-le"}
# Half a character, as JSON can carry one.
_HALF = re.compile("[\ud800-\udfff]")
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")

Position = tuple[int, int]


class DocumentText:
    """An open file's text.

    unit: what a column counts: "utf-16" (as every client can), "utf-8" or "utf-32". breaks: what ends a line;
    by the protocol CR LF, CR or LF alone, and neither a form feed nor U+2028.
    """

    def __init__(self, text: str, unit: str = UTF16, breaks: re.Pattern[str] = LINE_BREAK) -> None:
        self.text = _joined(text)
        self.unit = unit
        self._breaks = breaks

    @cached_property
    def starts(self) -> list[int]:
        """The index at which each line begins."""
        return [0, *(found.end() for found in self._breaks.finditer(self.text))]

    def line_range(self, line: int) -> tuple[int, int]:
        """Where a line begins, and where it ends without its line end; of the last one for one behind it."""
        line = max(0, min(line, len(self.starts) - 1))
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def offset(self, line: int, column: int) -> int:
        """The index of a position. One behind its line is its end, and one within a character its start."""
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.line_range(line)
        if self._is_ascii:
            return min(start + max(column, 0), end)
        # A character has at least one unit, so that no more of the line has to be looked at.
        part = self.text[start : min(end, start + max(column, 0))]
        units = part.encode(_CODEC[self.unit], "surrogatepass")[: max(column, 0) * _WIDTH[self.unit]]
        return start + len(
            units.decode(_CODEC[self.unit], "surrogatepass" if _HALF.search(part) else "ignore")
        )

    def position(self, offset: int) -> Position:
        """Line and column of an index."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        start, end = self.line_range(line)
        offset = min(offset, end)  # between CR and LF there is no position
        if self._is_ascii:
            return line, offset - start
        encoded = self.text[start:offset].encode(_CODEC[self.unit], "surrogatepass")
        return line, len(encoded) // _WIDTH[self.unit]

    def place(self, line: int, column: int) -> int:
        """The index of a line and a column as findings have them: from 1, in characters."""
        start, end = self.line_range(line - 1)
        return min(start + max(column - 1, 0), end)

    def replaced(self, start: Position, end: Position, text: str) -> DocumentText:
        """This text with another in the place of a range, as a client edits it."""
        first, last = sorted((self.offset(*start), self.offset(*end)))
        return DocumentText(f"{self.text[:first]}{text}{self.text[last:]}", self.unit)

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()


def _joined(text: str) -> str:
    """A text in which two halves of a character, as an edit can bring them together, are that character."""
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
