"""What is known on the way to a place: tests that were true or false, and what follows from them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable

from ..ir import nodes as go
from ..ir.nodes import Atom, Call, Expr, Lit, Test


class Facts:
    """An unchanging set of answered atoms."""

    def __init__(self, known: dict[Test, bool] | None = None) -> None:
        self.known = known or {}

    @functools.cached_property
    def equal(self) -> dict[Expr, str | int | bool]:
        """What expressions are known to equal."""
        found = {}
        for t, answer in self.known.items():
            if answer and isinstance(t, Atom) and (pair := _equation(t.expr)):
                found[pair[0]] = pair[1]
        return found

    def assume(self, test: Test, answer: bool = True) -> Facts:
        """These facts and one more; a conjunction that holds is taken apart."""
        found = dict(self.known)
        _learn(test, answer, found)
        return Facts(found)

    def without(self, variables: Iterable[int]) -> Facts:
        """What stays known once these variables have been assigned."""
        gone = set(variables)
        if not gone:
            return self
        kept = {t: a for t, a in self.known.items() if not gone & go.test_variables(t)}
        return self if len(kept) == len(self.known) else Facts(kept)

    def ask(self, expr: Expr) -> bool | None:
        """The answer of an atom, None if it is open."""
        known = self.known.get(Atom(expr))
        if known is not None:
            return known
        if isinstance(expr, Lit):
            return bool(expr.value)
        pair = _equation(expr)
        if pair:
            subject, value = pair
            if subject in self.equal:
                return self.equal[subject] == value
            truth = self.known.get(Atom(subject))
            if truth is not None and truth != bool(value):
                return False
        elif expr in self.equal:
            return bool(self.equal[expr])
        elif isinstance(expr, Call) and expr.fn == "lt":
            return self._ask_less(*expr.args)
        return None

    def _ask_less(self, a: Expr, b: Expr) -> bool | None:
        x = a.value if isinstance(a, Lit) else self.equal.get(a)
        y = b.value if isinstance(b, Lit) else self.equal.get(b)
        if isinstance(x, int) and isinstance(y, int):
            return x < y
        if self.known.get(Atom(go.call("lt", b, a))):
            return False
        return None

    def simplify(self, test: Test) -> Test:
        """The test with everything known answered."""
        if isinstance(test, Atom):
            answer = self.ask(test.expr)
            return test if answer is None else go.Truth(answer)
        if isinstance(test, go.Not):
            return go.negate(self.simplify(test.test))
        if isinstance(test, (go.All, go.Some)):
            if test in self.known:
                return go.Truth(self.known[test])
            return self._simplify_list(test.tests, isinstance(test, go.All))
        return test

    def _simplify_list(self, tests: tuple[Test, ...], conjunction: bool) -> Test:
        # of its own, so that it can grow
        facts, out = Facts(dict(self.known)), []
        for t in tests:
            s = facts.simplify(t)
            out.append(s)
            if isinstance(s, go.Truth):
                if s.value is not conjunction:
                    break
                continue
            facts._add(s, conjunction)
        return go.both(*out) if conjunction else go.either(*out)

    def _add(self, test: Test, answer: bool) -> None:
        """What `assume` does, for facts that nobody else has."""
        before = len(self.known)
        _learn(test, answer, self.known)
        if "equal" in self.__dict__:
            for t in itertools.islice(reversed(self.known), len(self.known) - before):
                if self.known[t] and isinstance(t, Atom) and (pair := _equation(t.expr)):
                    self.equal[pair[0]] = pair[1]


def _learn(test: Test, answer: bool, found: dict[Test, bool]) -> None:
    if isinstance(test, go.Not):
        _learn(test.test, not answer, found)
    elif isinstance(test, (go.All, go.Some)):
        if answer is isinstance(test, go.All):
            for t in test.tests:
                _learn(t, answer, found)
        else:
            found[test] = answer
            facts = Facts(found)
            rest = [t for t in test.tests if facts.simplify(t) != go.Truth(not answer)]
            if len(rest) == 1:
                _learn(rest[0], answer, found)
    elif isinstance(test, Atom):
        found[test] = answer


def _equation(expr: Expr) -> tuple[Expr, str | int | bool] | None:
    if isinstance(expr, Call) and expr.fn == "eq" and isinstance(expr.args[1], Lit):
        return expr.args[0], expr.args[1].value
    return None
