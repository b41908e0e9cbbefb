"""A choice between values by a test of the request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from .truth import bool_of, test_of
from .value import Rewrite, Value, exprs_of_test


@dataclass(frozen=True)
class Cond(Value):
    """`then` where the test holds, else `orelse`."""

    DESCRIPTION: ClassVar[str] = "a choice between values"

    test: Test
    then: Value
    orelse: Value

    def exprs(self) -> Iterator[Expr]:
        yield from exprs_of_test(self.test)
        yield from self.then.exprs()
        yield from self.orelse.exprs()

    def rewritten(self, to: Rewrite) -> Cond:
        return Cond(to.test(self.test), self.then.rewritten(to), self.orelse.rewritten(to))


def choose(test: Test, then: Value, orelse: Value) -> Value:
    """`then` if `test` else `orelse`, in the simplest form."""
    if test == go.TRUE or then == orelse:
        return then
    if test == go.FALSE:
        return orelse
    if isinstance(then, Cond) and then.test == test:
        then = then.then
    if isinstance(orelse, Cond) and orelse.test == test:
        orelse = orelse.orelse
    if isinstance(test, go.Not):
        test, then, orelse = test.test, orelse, then
    a, b = test_of(then), test_of(orelse)
    if a is not None and b is not None:
        return bool_of(
            go.either(go.both(test, a), go.both(go.negate(test), b)) if b != go.FALSE else go.both(test, a)
        )
    if isinstance(orelse, Cond) and orelse.then == then:
        return choose(go.either(test, orelse.test), then, orelse.orelse)
    return Cond(test, then, orelse)


def leaves(v: Value) -> Iterator[Value]:
    """The values that a choice can end in."""
    if isinstance(v, Cond):
        yield from leaves(v.then)
        yield from leaves(v.orelse)
    else:
        yield v


def truth_of_either(test: Test, then: Test, orelse: Test) -> Test:
    """What holds of a choice: `then` where its test holds, else `orelse`."""
    found = test_of(choose(test, bool_of(then), bool_of(orelse)))
    assert found is not None
    return found
