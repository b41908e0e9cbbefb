"""What the compiler reports while it executes a chat template, for whoever explains the compilation."""

from __future__ import annotations

from jinja2 import nodes

from ..ir.nodes import Test
from ..values.value import Value


class Observer:
    """Hears of every statement, test and value; this one ignores them."""

    def begins(self, node: nodes.Node, origin: tuple[int, ...]) -> tuple[int, ...]:
        """A statement is executed inside the construct `origin`; returns the construct that it is."""
        return origin

    def decides(self, node: nodes.Node, test: Test) -> None:
        """The test of an `if`, with what is known about it."""

    def sees(self, node: nodes.Node, value: Value) -> None:
        """The value of an expression."""
