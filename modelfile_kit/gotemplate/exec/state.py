"""What the exact evaluator knows while it executes: where it is, and the variables' stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...core.errors import GoTemplateError
from ..compiled.budget import Budget
from ..compiled.comparing import format_ref
from ..compiled.recursion import Calls
from ..parse import nodes as n
from ..parse.literals import quote
from ..values.gotypes import Function
from ..values.reflection import Ref


@dataclass(frozen=True)
class Program:
    """What is executed: trees by name, the functions, Go's missingkey option, and the source."""

    name: str
    parse_name: str
    source: str
    trees: Mapping[str, n.ListNode]
    functions: Mapping[str, Function]
    builtins: Mapping[str, Function]
    missing_key: str = "zero"


@dataclass
class Execution:
    """One template that is being executed (Go's state)."""

    program: Program
    name: str
    budget: Budget
    vars: list[tuple[str, Ref]]
    depth: int = 0
    node: n.Node | None = None
    calls: Calls = field(default_factory=Calls)
    first_call: n.Node | None = None

    # Errors.

    def error(self, text: str) -> GoTemplateError:
        """Go's errorf: says where."""
        if self.node is None:
            return GoTemplateError(f"template: {self.name}: {text}")
        location = _location(self.program, self.node)
        return GoTemplateError(f"template: {location}: executing {quote(self.name)} at <{self.node}>: {text}")

    def shown(self, value: Ref) -> str:
        return format_ref(value, "v", self.budget)

    # Variables.

    def set_var(self, name: str, value: Ref) -> None:
        for i in range(len(self.vars) - 1, -1, -1):
            if self.vars[i][0] == name:
                self.budget.keep(value.data, self.vars[i][1].data)
                self.vars[i] = (name, value)
                return
        raise self.error(f"undefined variable: {name}")

    def push(self, name: str, value: Ref) -> None:
        self.budget.keep(value.data, None)
        self.vars.append((name, value))

    def set_top(self, count: int, value: Ref) -> None:
        name, old = self.vars[-count]
        self.budget.keep(value.data, old.data)
        self.vars[-count] = (name, value)

    def pop(self, mark: int) -> None:
        for _, value in self.vars[mark:]:
            self.budget.keep(None, value.data)
        del self.vars[mark:]

    def var_value(self, name: str) -> Ref:
        for known, value in reversed(self.vars):
            if known == name:
                return value
        raise self.error(f"undefined variable: {name}")


def _location(program: Program, node: n.Node) -> str:
    """Name, line and byte column, as ErrorContext has them (the column counts from 0)."""
    before = program.source[: max(getattr(node, "pos", 0), 0)]
    line_start = before.rfind("\n") + 1
    column = len(before[line_start:].encode("utf-8", "surrogateescape"))
    return f"{program.parse_name}:{before.count(chr(10)) + 1}:{column}"
