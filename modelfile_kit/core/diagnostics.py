"""One way to say what is wrong: a code that never changes, a place, a message and what to do.

What each code means is in `core.codes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import codes
from .foreign_text import MAX_WORD, bounded
from .severity import Severity

__all__ = ["Diagnostic", "Severity", "Span", "by_line", "by_place", "has_errors", "with_excerpts"]


_LONGEST_PATH = 4_096  # of most systems: what is longer is no path, and has no file


@dataclass(frozen=True)
class Span:
    """A place in a source. Lines and columns count from 1; columns count characters."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        parts = [self.file or "", *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(p for p in parts if p)


@dataclass(frozen=True)
class Diagnostic:
    """A finding.

    `code` is stable (`MK` and three digits; `core.codes` has its page), `message` says what was found and
    what was expected, `help` says what to do, `span` where, as far as it is known. `excerpt` is the source
    line of the span, "" where it is not known; it does not count in comparisons. What `message` and `help`
    quote from outside is cut to a length that people read (`foreign_text.bounded`).
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str = ""
    excerpt: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("message", "help"):
            text = getattr(self, name)
            if len(text) > MAX_WORD:
                object.__setattr__(self, name, bounded(text))
        if self.span and self.span.file and len(self.span.file) > _LONGEST_PATH:
            object.__setattr__(self, "span", replace(self.span, file=bounded(self.span.file)))

    @property
    def label(self) -> str:
        """`severity CODE name`, as every text output has it."""
        return f"{self.severity} {self.code} {codes.name_of(self.code)}".rstrip()

    def __str__(self) -> str:
        where = str(self.span) if self.span else ""
        head = f"{where}: " if where else ""
        tail = f"\n  help: {self.help}" if self.help else ""
        return f"{head}{self.label}: {self.message}{tail}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a span's unknown parts are left out."""
        data: dict[str, Any] = {
            "code": self.code,
            "name": codes.name_of(self.code),
            "severity": self.severity.value,
            "message": self.message,
        }
        if self.span:
            data["span"] = {k: v for k, v in vars(self.span).items() if v is not None}
        if self.help:
            data["help"] = self.help
        data["help_uri"] = codes.help_uri(self.code)
        return data


def with_excerpts(diagnostics: Iterable[Diagnostic], lines: Sequence[str]) -> list[Diagnostic]:
    """The findings with their source lines. lines: of the text that the spans are in, without line ends."""
    found = []
    for diagnostic in diagnostics:
        line = diagnostic.span.line if diagnostic.span else None
        if line is not None and 1 <= line <= len(lines) and not diagnostic.excerpt:
            found.append(replace(diagnostic, excerpt=lines[line - 1]))
        else:
            found.append(diagnostic)
    return found


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def by_place(found: Diagnostic) -> tuple[int, int]:
    """The order of a file's findings: those without a line first."""
    return (found.span.line or 0, found.span.column or 0) if found.span else (0, 0)


def by_line(found: Diagnostic) -> tuple[int, str]:
    """The same by line and code, where several findings about a line are best read by their codes."""
    return found.span.line or 0 if found.span else 0, found.code
