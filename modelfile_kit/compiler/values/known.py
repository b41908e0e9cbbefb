"""Values that are known when the chat template is compiled, and lists and dictionaries of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Union

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from .value import Rewrite, Value, exprs_of_test

# Python's own values that a Const can hold.
Plain = Union[str, int, float, bool, None]  # noqa: UP007 - built at run time on 3.10 too

_DESCRIPTIONS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "a boolean",
    type(None): "none",
}


@dataclass(frozen=True)
class Const(Value):
    """A string, number, boolean or None."""

    value: Plain

    @property
    def description(self) -> str:
        return _DESCRIPTIONS[type(self.value)]

    def __eq__(self, other: object) -> bool:
        # 1, 1.0 and True are different values here
        return (
            isinstance(other, Const) and type(self.value) is type(other.value) and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


TRUE, FALSE, NONE, EMPTY = Const(True), Const(False), Const(None), Const("")


@dataclass(frozen=True)
class Undef(Value):
    """Jinja's undefined."""

    DESCRIPTION: ClassVar[str] = "an undefined value"

    name: str = field(compare=False, default="")


@dataclass(frozen=True)
class KnownList(Value):
    """A list (or tuple) whose elements are known one by one."""

    DESCRIPTION: ClassVar[str] = "a list"

    items: tuple[Value, ...]

    def exprs(self) -> Iterator[Expr]:
        for item in self.items:
            yield from item.exprs()

    def rewritten(self, to: Rewrite) -> KnownList:
        return KnownList(tuple(item.rewritten(to) for item in self.items))


@dataclass(frozen=True)
class DictEntry:
    """A key with its value, present where the test holds."""

    key: Plain
    value: Value
    present: Test = go.TRUE


@dataclass(frozen=True)
class KnownDict(Value):
    """A dictionary with known keys, some of which may be absent."""

    DESCRIPTION: ClassVar[str] = "a dictionary"

    entries: tuple[DictEntry, ...]

    def exprs(self) -> Iterator[Expr]:
        return _exprs_of_entries(self.entries)

    def rewritten(self, to: Rewrite) -> KnownDict:
        return KnownDict(
            tuple(DictEntry(e.key, e.value.rewritten(to), to.test(e.present)) for e in self.entries)
        )


@dataclass(frozen=True)
class KnownItems(Value):
    """`.items()` of a dictionary some of whose keys may be absent."""

    DESCRIPTION: ClassVar[str] = "the items of a dictionary"

    entries: tuple[DictEntry, ...]

    def exprs(self) -> Iterator[Expr]:
        return _exprs_of_entries(self.entries)


def _exprs_of_entries(entries: tuple[DictEntry, ...]) -> Iterator[Expr]:
    for entry in entries:
        yield from exprs_of_test(entry.present)
        yield from entry.value.exprs()
