"""True and False that only show at run time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from .known import Const
from .value import Rewrite, Value, exprs_of_test


@dataclass(frozen=True)
class Bool(Value):
    """True or False, by a test."""

    DESCRIPTION: ClassVar[str] = "a boolean"

    test: Test

    def exprs(self) -> Iterator[Expr]:
        return exprs_of_test(self.test)

    def rewritten(self, to: Rewrite) -> Bool:
        return Bool(to.test(self.test))


def bool_of(test: Test) -> Const | Bool:
    """True or False by a test."""
    return Const(test.value) if isinstance(test, go.Truth) else Bool(test)


def is_bool(v: Value) -> bool:
    """Whether it is True or False for sure."""
    return isinstance(v, Bool) or (isinstance(v, Const) and isinstance(v.value, bool))


def test_of(v: Value) -> Test | None:
    """The test of a boolean; None for what is no boolean."""
    if isinstance(v, Bool):
        return v.test
    return go.Truth(v.value) if isinstance(v, Const) and isinstance(v.value, bool) else None
