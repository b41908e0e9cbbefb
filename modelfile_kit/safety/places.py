"""Where in a chat template a finding stands: jinja2 knows lines, people want columns too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..core.diagnostics import Span

# Lines after the one that jinja2 names in which the text is looked for: an expression may be long.
LINES_MAX = 40
_ENDS = re.compile(r"\r\n|\r|\n")


class Places:
    """The lines of one source, as jinja2 counts them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = _ENDS.split(source)

    def of(self, line: int, needles: Iterable[str] = ()) -> Span:
        """The first of these texts at or after a line, else where the line begins."""
        for needle in needles:
            if not needle or "\n" in needle:
                continue
            for number in range(line, min(line + LINES_MAX, len(self.lines) + 1)):
                place = self.lines[number - 1].find(needle)
                if place >= 0:
                    return Span(
                        line=number, column=place + 1, end_line=number, end_column=place + 1 + len(needle)
                    )
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Span(line=line, column=len(text) - len(text.lstrip()) + 1)

    def at(self, offset: int, length: int) -> Span:
        """A piece of the source by where it begins."""
        before = _ENDS.split(self.source[:offset])
        line, column = len(before), len(before[-1]) + 1
        return Span(line=line, column=column, end_line=line, end_column=column + length)
