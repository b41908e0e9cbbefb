"""What every value of the compiler can do: say which Go expressions it holds, and exchange them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..ir import nodes as go
from ..ir.nodes import Expr, Test


@dataclass(frozen=True)
class Rewrite:
    """Another expression or test in place of each."""

    expr: Callable[[Expr], Expr]
    test: Callable[[Test], Test]


class Value:
    """The value of an expression of a chat template, given that Ollama makes the request.

    It is known now, or Go data, or made of both. Subclasses are frozen dataclasses.
    """

    DESCRIPTION: ClassVar[str] = "a value"

    @property
    def description(self) -> str:
        """What it is, in the words of messages."""
        return self.DESCRIPTION

    def exprs(self) -> Iterator[Expr]:
        """The Go expressions that the value is made of, each with its parts."""
        return iter(())

    def rewritten(self, to: Rewrite) -> Value:
        """The value with other expressions in it."""
        return self


def exprs_of_test(test: Test) -> Iterator[Expr]:
    """The expressions of a test, each with its parts."""
    for e in go.test_exprs(test):
        yield from go.walk(e)


def value_vars(v: Value) -> frozenset[int]:
    """The numbers of the Go variables that a value depends on."""
    known: frozenset[int] | None = v.__dict__.get("_vars")
    if known is None:
        known = frozenset(e.id for e in v.exprs() if isinstance(e, go.Var))
        v.__dict__["_vars"] = known
    return known


def value_size(v: Value) -> int:
    """How much there is to print: the count of expressions and choices."""
    return sum(1 for _ in v.exprs()) + 1
