"""`if … else if … else` as a list of tests and a list of branches."""

from __future__ import annotations

from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Nodes


def chain(n: go.If) -> tuple[list[go.If], list[Nodes]]:
    """The tests of `if … else if … else` and its branches: one more than tests where there is an `else`."""
    tests, branches, rest = [n], [n.then], n.orelse
    while len(rest) == 1 and isinstance(rest[0], go.If):
        tests.append(rest[0])
        branches.append(rest[0].then)
        rest = rest[0].orelse
    return tests, [*branches, rest] if rest else branches


def rebuilt(tests: list[go.If], branches: list[Nodes]) -> Nodes:
    """The statement of tests and branches; empty branches go."""
    rest: Nodes = branches[len(tests)] if len(branches) > len(tests) else ()
    for n, then in zip(reversed(tests), reversed(branches[: len(tests)]), strict=True):
        if not then and not rest:
            continue
        if not then:
            rest = (replace(n, test=go.negate(n.test), then=rest, orelse=()),)
        else:
            rest = (replace(n, then=then, orelse=rest),)
    return rest
