"""What a comparison gives: parts, each with its outcome in one line and what differs in several."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Outcome(str, enum.Enum):
    """How the comparison of a part ended."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_COMPARED = "not compared"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Part:
    """One thing that was compared, such as the metadata, or the prompts with tools.

    summary: what was compared and what came of it, in one line; for what was not compared, why. lines: what
    differs, for people. data: the same for programs, JSON-able.
    """

    name: str
    outcome: Outcome
    summary: str
    lines: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def part_of(name: str, lines: Sequence[str], same: str, other: str, **data: Any) -> Part:
    """A part that is equal where there are no lines. same, other: the summaries of both outcomes."""
    if lines:
        return Part(name, Outcome.DIFFERENT, other, tuple(lines), data)
    return Part(name, Outcome.EQUAL, same, (), data)


def not_compared(name: str, why: str) -> Part:
    """A part of which one side has nothing to compare."""
    return Part(name, Outcome.NOT_COMPARED, why)


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its word: "1 key", "2 keys"."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
