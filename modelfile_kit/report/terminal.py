"""A report for people at a terminal; the same text without colour goes into logs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..core.diagnostics import Diagnostic, Severity
from ..core.foreign_text import shown
from ..core.listed import some
from .by_cause import alike
from .cells import columns, painted
from .model import Case, Report, Status
from .panel import panel_lines
from .source_lines import source_line
from .table import table_lines

# Narrower than this, wrapped text is harder to read than what the terminal makes of it.
MIN_WIDTH = 40
# Characters of a source line that are shown; a TEMPLATE may have thousands in one.
EXCERPT_WIDTH = 96
# Names of cases stand in a column on a terminal, up to this width.
NAME_WIDTH = 28
# Findings of one case that differ in their words alone: so many are shown, and the rest is counted.
MAX_ALIKE = 3
_MARKS = {Status.PASSED: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.SKIPPED: ("-", "yellow")}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(
    report: Report,
    *,
    color: bool = False,
    width: int | None = None,
    details: bool = True,
    frames: bool = False,
) -> str:
    """One line a case, failures with their details, then the findings and a closing line.

    width: of the terminal, in columns; findings are wrapped at words. None leaves each on one line.
    details: False leaves out of a report that can be brief what is as it should be. frames: whether the
    terminal can draw a panel around facts and a frame around tables.
    """
    frame_width = width if frames else None
    if report.brief and not details:
        return _brief(report, color, width, frame_width)
    title = shown(f"{report.command} {report.subject}")
    facts = {
        key: str(value)
        for key, value in report.facts.items()
        if isinstance(value, (str, int, float)) and key not in report.for_programs
    }
    if facts and frame_width is not None:
        lines = panel_lines(title, facts.items(), width=frame_width, color=color)
    else:
        lines = [painted(title, color, bold=True)]
        for key, value in facts.items():
            lines += wrapped(f"  {shown(key)}: {shown(value, lines=True)}", "    ", width)
    names = max((columns(shown(case.name)) for case in report.cases), default=0)
    for case in report.cases:
        lines += _case(case, color, width, min(names, NAME_WIDTH) if width is not None else 0)
    lines += findings_lines(report.diagnostics, color=color, width=width, said=report.subject)
    lines += _table(report, frame_width, color)
    lines.append(_closing(report, color))
    return "\n".join(lines) + "\n"


def _table(report: Report, frame_width: int | None, color: bool) -> list[str]:
    lines = table_lines(report.table, width=frame_width, color=color)
    return lines if frame_width is not None else [f"  {line}" for line in lines]


def _brief(report: Report, color: bool, width: int | None, frame_width: int | None) -> str:
    """What has to be seen: cases that failed, were left out or have a warning; remarks are only named.

    Of cases that have the same codes the first is shown whole.
    """
    lines = _heading(report, color, width)
    told: set[frozenset[str]] = set()
    for case in _together(report.cases):
        serious = tuple(d for d in case.diagnostics if d.severity is not Severity.INFO)
        codes = frozenset(d.code for d in serious)
        if codes and codes in told:
            summary = f"{case.summary} (as above: {', '.join(sorted(codes))})"
            lines += _case(Case(case.name, case.status, summary), color, width)
        elif serious or case.status is not Status.PASSED:
            lines += _case(replace(case, diagnostics=_few(serious)), color, width)
        told.add(codes)
    serious = tuple(d for d in report.diagnostics if d.severity is not Severity.INFO)
    lines += findings_lines(serious, color=color, width=width, said=report.subject)
    lines += _table(report, frame_width, color)
    named = notes(d for d in report.all_diagnostics() if d.severity is Severity.INFO)
    verdict = _closing(report, False)
    first, *rest = wrapped(f"{verdict}; {named}" if named else verdict, "  ", width)
    lines += [first.replace(verdict, _closing(report, color), 1), *rest]
    return "\n".join(lines) + "\n"


def _heading(report: Report, color: bool, width: int | None) -> list[str]:
    """The first line: how it was done; of a failure what failed, how much of it and why."""
    title = f"{report.command} {report.subject}".strip()
    if report.ok:
        return wrapped(shown(f"{title}: {report.headline}"), "  ", width) if report.headline else []
    head = shown(f"{title}: {_what_failed(report)}")
    lines = wrapped(head, "  ", width)
    lines[0] = painted(lines[0], color, fg="red", bold=True)
    return [*lines, *(wrapped(shown(f"  {report.headline}"), "  ", width) if report.headline else [])]


def _what_failed(report: Report) -> str:
    """As `2 of 13 failed (MK249 image-lost): image, two-images`."""
    failed = [case.name for case in report.cases if report.failed(case)]
    serious = [d for d in report.all_diagnostics() if report.fails((d,))]
    labels = list(dict.fromkeys(d.label.partition(" ")[2] for d in serious))
    why = some(labels, 2)
    if not failed:
        return f"failed: {why}"
    return f"{len(failed)} of {len(report.cases)} failed{f' ({why})' if why else ''}: {some(failed, 3)}"


def _together(cases: Iterable[Case]) -> list[Case]:
    """The cases; those that failed or were left out for the same reason are one."""
    out: dict[object, list[Case]] = {}
    for number, case in enumerate(cases):
        bare = case.status is not Status.PASSED and not case.diagnostics and not case.details
        same = (case.status, case.summary, case.help)
        out.setdefault(same if bare and case.summary else number, []).append(case)
    return [replace(same[0], name=", ".join(c.name for c in same)) for same in out.values()]


def _few(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings without most of those that differ in their words alone, and how many these are.

    What names a place in a file stays, as each place has to be fixed.
    """
    found: list[Diagnostic] = []
    for group in alike(diagnostics):
        if len(group) <= MAX_ALIKE + 1 or any(d.span for d in group):
            found += group
            continue
        bare = [replace(d, help="") for d in group[: MAX_ALIKE - 1]]
        last = group[MAX_ALIKE - 1]
        more = f"{last.message}\n… and {len(group) - MAX_ALIKE:,} more like these (-v shows them)"
        found += [*bare, replace(last, message=more)]
    return tuple(found)


def notes(diagnostics: Iterable[Diagnostic]) -> str:
    """Findings by their names alone, as `notes: MK321 stop-unseen (-v shows them)`; "" for none."""
    named = dict.fromkeys(d.label.partition(" ")[2] for d in diagnostics)
    return f"notes: {', '.join(named)} (-v shows them)" if named else ""


def findings_lines(
    diagnostics: Sequence[Diagnostic],
    *,
    color: bool = False,
    indent: str = "",
    width: int | None = None,
    said: str = "",
) -> list[str]:
    """The lines of several findings; a path that all of them have is said once, above them.

    said: a path that the reader has been told already.
    """
    files = {d.span.file if d.span else None for d in diagnostics}
    shared = files.pop() if len(files) == 1 and len(diagnostics) > 1 else None
    if shared is None:
        return [
            line for d in diagnostics for line in diagnostic_lines(d, color=color, indent=indent, width=width)
        ]
    lines = [] if shared == said else [indent + shown(shared)]
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        excerpt = source_line(diagnostic)
        bare = replace(diagnostic, span=replace(diagnostic.span, file=None), excerpt=excerpt)
        lines += diagnostic_lines(bare, color=color, indent=f"{indent}  ", width=width)
    return lines


def diagnostic_lines(
    diagnostic: Diagnostic, *, color: bool = False, indent: str = "", width: int | None = None
) -> list[str]:
    """`place: severity CODE name: message`, the source line with a caret, then what to do.

    Wrapped at words where a width is given; the source line never is.
    """
    where = f"{shown(str(diagnostic.span))}: " if diagnostic.span and str(diagnostic.span) else ""
    label = diagnostic.label
    first, *rest = _lines(diagnostic.message) or [""]
    lines = wrapped(f"{indent}{where}{label}: {first}", f"{indent}  ", width)
    lines[0] = lines[0].replace(
        f"{where}{label}", where + painted(label, color, fg=_COLOURS[diagnostic.severity], bold=True), 1
    )
    for line in rest:
        lines += wrapped(f"{indent}  {line}", f"{indent}  ", width)
    lines += _excerpt(diagnostic, indent, color)
    for i, line in enumerate(_lines(diagnostic.help)):
        head = f"{indent}  help: " if i == 0 else f"{indent}        "
        lines += wrapped(head + line, f"{indent}        ", width)
    return lines


def _excerpt(diagnostic: Diagnostic, indent: str, color: bool) -> list[str]:
    """The source line under its number, and a caret below the place where the span has a column."""
    span, source = diagnostic.span, source_line(diagnostic).replace("\t", " ")
    if not source.strip() or span is None or span.line is None:
        return []
    column = span.column if span.column and span.column <= len(source) + 1 else None
    # A window of a long line, so that the caret is on the screen.
    start = max(0, (column or 1) - 1 - EXCERPT_WIDTH // 2) if len(source) > EXCERPT_WIDTH else 0
    part = source[start : start + EXCERPT_WIDTH]
    gutter = f"{indent}  {span.line} | "
    lines = [gutter + shown(part).rstrip()]
    if column is not None:
        same_line = span.end_line in (None, span.line)
        end = span.end_column if same_line and span.end_column else None if same_line else len(source) + 1
        at = column - 1 - start
        count = max(1, min((end or column + 1) - column, len(part) - at))
        # An escape has more columns than its character.
        before = " " * columns(shown(part[:at]))
        marks = "^" * (columns(shown(part[: at + count])) - len(before)) or "^"
        bar = " " * (len(gutter) - 2) + "| "
        lines.append(f"{bar}{before}{painted(marks, color, fg=_COLOURS[diagnostic.severity], bold=True)}")
    return lines


def _lines(text: str) -> list[str]:
    return shown(text, lines=True).splitlines()


def wrapped(line: str, indent: str, width: int | None) -> list[str]:
    """The line in pieces that fit; a word that does not fit stays whole, so that it can be copied."""
    if width is None or len(line) <= max(width, MIN_WIDTH):
        return [line]
    return textwrap.wrap(
        line,
        max(width, MIN_WIDTH),
        subsequent_indent=indent,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _case(case: Case, color: bool, width: int | None, name_width: int = 0) -> list[str]:
    """A case with its findings. name_width: of the names of all cases, 0 where they are in no column."""
    mark, colour = _MARKS[case.status]
    space = " " * max(0, name_width - columns(shown(case.name)))
    tail = f"{space}  {case.summary}" if case.summary else ""
    lines = wrapped(shown(f"  {mark} {case.name}{tail}"), "      ", width)
    lines[0] = lines[0].replace(mark, painted(mark, color, fg=colour), 1)
    if case.status is Status.FAILED:
        lines += [f"      {line}" for line in _lines(case.details)]
    if case.help:
        lines += wrapped(f"      help: {shown(case.help)}", " " * 12, width)
    lines += findings_lines(case.diagnostics, color=color, indent="      ", width=width)
    return lines


def _closing(report: Report, color: bool) -> str:
    words = report.words
    parts = [f"{report.count(s)} {words.get(s.value, s.value)}" for s in Status if report.count(s)]
    for severity in (Severity.ERROR, Severity.WARNING):
        n = sum(d.severity is severity for d in report.all_diagnostics())
        if n:
            parts.append(f"{n} {severity}{'s' if n > 1 else ''}")
    if len(report.files) > 1:
        with_findings = {d.span.file for d in report.all_diagnostics() if d.span}.intersection(report.files)
        parts.append(f"{len(with_findings)} of {len(report.files)} files with findings")
    verdict = words.get("ok", "ok") if report.ok else words.get("failed", "failed")
    text = f"{report.command}: {verdict}" + (f" ({', '.join(parts)})" if parts else "")
    return painted(text, color, fg="green" if report.ok else "red", bold=True)
