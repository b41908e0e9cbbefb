"""What every report format is given: a subject, its cases and its findings, all finished."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.diagnostics import Diagnostic, Severity
from ..core.foreign_text import bounded

ENGINE_TOKENS, OWN_TOKENS = "tokens with llama.cpp", "tokens of the model's own tokenizer"
"""Two rows of a case's `data` that belong together: [id, text] of each token."""


class Status(str, enum.Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Chip:
    """One token as the page shows it.

    kind: its type in the vocabulary ("normal", "control", "user-defined", "byte", "unknown", "unused"), or
    "image" for the tokens of an image, of which only their number is known; "" where it is not known.
    """

    id: int
    text: str
    kind: str = ""


@dataclass(frozen=True)
class TokenPair:
    """All tokens of one prompt in two forms. left, right: what the two are called."""

    title: str
    left: str
    right: str
    ours: tuple[Chip, ...]
    theirs: tuple[Chip, ...]


@dataclass(frozen=True)
class Case:
    """One thing that was looked at: a probe conversation, a golden file, a check on a server.

    summary: one line; details: lines for people (a diff, tokens around a difference), shown when it failed;
    reason for a skip goes into the summary. seconds: how long it took, None if nobody looked.
    data: what programs and the page may want beside it (the prompt, its tokens), JSON-able.
    tokens: what only the page shows, so that reports for programs stay as small as they are. help: what to do
    about a case that was skipped.
    """

    name: str
    status: Status
    summary: str = ""
    details: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    tokens: tuple[TokenPair, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", bounded(self.summary))


@dataclass(frozen=True)
class Report:
    """The result of one command on one subject (a package, a file, a model's name).

    facts: what was found out along the way, JSON-able, in the order it is to be shown. fail_on: the
    least severity of a finding that makes the whole a failure. words: for people, in the place of "ok",
    "failed", "passed" and "skipped". rule: the code of a failed case that has no finding of its own.
    table: rows of a table at the end, such as a package's variants; each has the same keys, and JSON-able
    values. files: those that were looked at, where a command takes many. brief: for people a success is told
    in a line or two, and a failure without what passed, unless they ask for more; headline: the first of
    these lines, "" for none. for_programs: keys of facts that people were told already.
    """

    command: str
    subject: str
    cases: tuple[Case, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    fail_on: Severity = Severity.ERROR
    words: Mapping[str, str] = field(default_factory=dict)
    rule: str = "MK700"
    table: tuple[Mapping[str, Any], ...] = ()
    files: tuple[str, ...] = ()
    brief: bool = False
    headline: str = ""
    for_programs: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """No case failed and no finding is as bad as `fail_on`."""
        return not any(map(self.failed, self.cases)) and not self.fails(self.diagnostics)

    def fails(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Whether one of these findings is as bad as `fail_on`."""
        return any(d.severity.rank <= self.fail_on.rank for d in diagnostics)

    def failed(self, case: Case) -> bool:
        """Whether a case counts as failed: by its status, or by a finding of its own."""
        return case.status is Status.FAILED or self.fails(case.diagnostics)

    def all_diagnostics(self) -> Iterator[Diagnostic]:
        """The findings of the whole and of each case."""
        yield from self.diagnostics
        for case in self.cases:
            yield from case.diagnostics

    def count(self, status: Status) -> int:
        """How many cases ended so."""
        return sum(c.status is status for c in self.cases)
