"""Whole numbers that only show at run time, and ranges of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..ir import nodes as go
from ..ir.nodes import Expr
from .known import Const
from .value import Rewrite, Value


@dataclass(frozen=True)
class Int(Value):
    """A sum of whole numbers: coefficients of expressions, and a constant."""

    DESCRIPTION: ClassVar[str] = "a whole number"

    terms: tuple[tuple[Expr, int], ...]
    const: int = 0

    def exprs(self) -> Iterator[Expr]:
        for e, _ in self.terms:
            yield from go.walk(e)

    def rewritten(self, to: Rewrite) -> Int:
        return Int(tuple((to.expr(e), n) for e, n in self.terms), self.const)


@dataclass(frozen=True)
class Numbers(Value):
    """`range(start, …)` of so many numbers; reverse: from the last one down to 0."""

    DESCRIPTION: ClassVar[str] = "a range of numbers"

    size: Expr
    start: Int = Int(())
    reverse: bool = False

    def exprs(self) -> Iterator[Expr]:
        yield from self.start.exprs()
        yield from go.walk(self.size)

    def rewritten(self, to: Rewrite) -> Numbers:
        return Numbers(to.expr(self.size), self.start.rewritten(to), self.reverse)


def sum_of(terms: dict[Expr, int], const: int = 0) -> Const | Int:
    """A sum; a constant when no expression is left."""
    left = tuple((e, n) for e, n in terms.items() if n)
    return Int(left, const) if left else Const(const)


def go_int(expr: Expr) -> Int:
    """The whole number of a Go expression."""
    return Int(((expr, 1),))


def as_int(v: Value) -> Int:
    """A whole number as a sum."""
    if isinstance(v, Int):
        return v
    assert isinstance(v, Const) and isinstance(v.value, int)
    return Int((), v.value)


def is_int(v: Value) -> bool:
    """Whether it is a whole number for sure (a boolean is not taken as one)."""
    return isinstance(v, Int) or (isinstance(v, Const) and type(v.value) is int)
