"""Findings of the kit as problems of an open file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..core.codes import help_uri
from ..core.diagnostics import Diagnostic, Span
from .answers import OpenFile, Place, Problem
from .document_text import DocumentText
from .lint_settings import LintSettings, lint_settings

# More in one file help nobody, and an editor becomes slow.
MAX_PROBLEMS = 500


def linted(
    file: OpenFile,
    lint: Callable[[LintSettings, str | None], Iterable[Diagnostic]],
    text: DocumentText | None = None,
) -> list[Problem]:
    """What `lint` finds in a file by its settings, behind what is wrong with these; none if it is left out.

    lint: is given the settings and the file's name, None for one that has none yet. text: as for
    `problems_of`.
    """
    settings = lint_settings(file)
    if settings.excluded:
        return []
    name = str(file.path) if file.path else None
    return problems_of([*settings.faults, *lint(settings, name)], file, text)


def problems_of(
    found: Iterable[Diagnostic], file: OpenFile, text: DocumentText | None = None
) -> list[Problem]:
    """Findings about a file as problems; those about another file stand in its first line.

    text: its lines as the findings count them, as the protocol does by default.
    """
    text = text or DocumentText(file.text)
    return [_problem(each, file, text) for each, _ in zip(found, range(MAX_PROBLEMS), strict=False)]


def _problem(found: Diagnostic, file: OpenFile, text: DocumentText) -> Problem:
    span = found.span
    message = found.message
    if span and span.file and file.path and span.file != str(file.path):
        message, span = f"{span}: {message}", None
    if found.help:
        message = f"{message}\n{found.help}"
    return Problem(place_of(span, text), found.severity, found.code, message, help_uri(found.code))


def place_of(span: Span | None, text: DocumentText) -> Place:
    """Where a span is; the whole line where it names no column, the first line where it names none."""
    if span is None or span.line is None:
        return text.line_range(0)
    first, last = text.line_range(span.line - 1)
    if span.column is None:
        first += len(text.text[first:last]) - len(text.text[first:last].lstrip())
        return first, last
    start = text.place(span.line, span.column)
    if span.end_column is None:
        return start, max(start, last)
    end = text.place(span.end_line or span.line, span.end_column)
    return (start, end) if end > start else (start, max(start, last))
