"""Executes a tree step by step, the way Go's text/template/exec.go does.

This is the exact evaluator: every value carries its place (`Ref`), every step notes the node it is
at, so that results, refusals and the places that errors name are Go's. It takes its time;
`compiled.py` runs the common case fast and hands over to this one wherever a rule is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..compiled.budget import Budget
from ..compiled.recursion import MAX_EXEC_DEPTH
from ..fmt.formatting import AddressError, Printer
from ..parse import nodes as n
from ..parse.literals import quote
from ..values import gotypes as t
from ..values.gotypes import Kind
from ..values.reflection import INVALID, Ref, member
from ..values.values import as_slice, element, plain, sorted_items, typed
from .functions import printable
from .operands import Operands
from .state import Program


class _Break(Exception):  # noqa: N818 - a jump
    """`{{break}}`"""


class _Continue(Exception):  # noqa: N818 - a jump
    """`{{continue}}`"""


class State(Operands):
    """One template that is being executed; the nodes' half."""

    def walk(self, dot: Ref, node: n.Node) -> None:
        self.budget.spend(1)
        self.node = node
        _WALKERS[type(node)](self, dot, node)

    def walk_text(self, _dot: Ref, node: n.TextNode) -> None:
        self.budget.write(node.text)

    def walk_list(self, dot: Ref, node: n.ListNode) -> None:
        for child in node.nodes:
            self.walk(dot, child)

    def walk_action(self, dot: Ref, node: n.ActionNode) -> None:
        value = self.pipeline(dot, node.pipe)
        if not node.pipe.decl:
            self.print_value(node, value)

    def walk_comment(self, dot: Ref, node: n.CommentNode) -> None:
        """Comments do nothing."""

    def walk_break(self, _dot: Ref, _node: n.BreakNode) -> None:
        raise _Break

    def walk_continue(self, _dot: Ref, _node: n.ContinueNode) -> None:
        raise _Continue

    def walk_if(self, dot: Ref, node: n.BranchNode) -> None:
        mark = len(self.vars)
        value = self.pipeline(dot, node.pipe)
        self.budget.keep(value.data, None)
        try:
            if value.truth():
                self.walk(value if isinstance(node, n.WithNode) else dot, node.list)
            elif node.else_list is not None:
                self.walk(dot, node.else_list)
        finally:
            self.budget.keep(None, value.data)
            self.pop(mark)

    def walk_range(self, dot: Ref, node: n.RangeNode) -> None:
        mark = len(self.vars)
        try:
            value, _ = self.pipeline(dot, node.pipe).indirect()
            inner = len(self.vars)
            empty = True
            for index, item in self.iterate(node, value):
                empty = False
                self.budget.spend(1)
                try:
                    self.bind(node.pipe, index, item)
                    self.walk(item, node.list)
                except _Continue:
                    pass
                finally:
                    self.pop(inner)
            if empty and node.else_list is not None:
                self.walk(dot, node.else_list)
        except _Break:
            pass
        finally:
            self.pop(mark)

    def bind(self, pipe: n.PipeNode, index: Ref, item: Ref) -> None:
        """Gives the variables of a range their values; the index comes first when there are two."""
        decl = pipe.decl
        if pipe.is_assign and decl:
            self.set_var(decl[0].ident[0], index if len(decl) > 1 else item)
            if len(decl) > 1:
                self.set_var(decl[1].ident[0], item)
        elif decl:
            self.set_top(1, item)
            if len(decl) > 1:
                self.set_top(2, index)

    def iterate(self, node: n.RangeNode, value: Ref) -> Iterator[tuple[Ref, Ref]]:
        """Index and element of each turn."""
        kind = value.kind
        count = len(node.pipe.decl)
        if kind is Kind.INVALID:
            return
        if kind.signed or kind.unsigned:
            if count > 1:
                raise self.error(f"can't use {self.shown(value)} to iterate over more than one variable")
            for i in range(plain(value.data)):
                yield INVALID, Ref(typed(value.type, i))
        elif kind in (Kind.SLICE, Kind.ARRAY):
            items = as_slice(value.data)
            elem = items.type.elem or t.ANY
            addressable = kind is Kind.SLICE or value.addressable
            for i in range(items.length):
                yield Ref(i), member(elem, element(items, i), addressable=addressable)
        elif kind is Kind.MAP:
            type_ = value.type
            for key, item in sorted_items(value.data):
                yield member(type_.key or t.ANY, key), member(type_.elem or t.ANY, item)
        elif kind is Kind.FUNC and value.type.yields and value.data.make is not None:
            yield from self.iterate_func(count, value)
        else:
            raise self.error(f"range can't iterate over {self.shown(value)}")

    def iterate_func(self, count: int, value: Ref) -> Iterator[tuple[Ref, Ref]]:
        type_ = value.type
        elem = type_.elem or t.ANY
        if type_.yields == 1:
            if count > 1:
                raise self.error(f"can't use {self.shown(value)} iterate over more than one variable")
            for item in value.data.make():
                yield INVALID, member(elem, typed(elem, item))
            return
        key_type = type_.key or t.ANY
        for key, item in value.data.make():
            first = member(key_type, typed(key_type, key))
            if count > 1:
                yield first, member(elem, typed(elem, item))
            else:
                yield INVALID, first

    def walk_template(self, dot: Ref, node: n.TemplateNode) -> None:
        root = self.program.trees.get(node.name)
        if root is None:
            raise self.error(f"template {quote(node.name)} not defined")
        dot = self.pipeline(dot, node.pipe)
        self.first_call = self.first_call or node
        place = (self.name, self.first_call)
        last = self.calls.enter(self.depth, place, (node.name, dot.data, dot.boxed))
        if last is not None:
            at = State(self.program, last[0], self.budget, [], node=last[1])
            raise at.error(f"exceeded maximum template depth ({MAX_EXEC_DEPTH})")
        self.budget.keep(dot.data, None)
        inner = State(
            self.program,
            node.name,
            self.budget,
            [("$", dot)],
            self.depth + 1,
            self.node,
            self.calls,
        )
        inner.walk(dot, root)
        inner.pop(0)

    def print_value(self, node: n.Node, value: Ref) -> None:
        self.node = node
        shown, ok = printable(value)
        if not ok:
            raise self.error(f"can't print {node} of type {value.type.name}")
        if type(shown) is str:
            self.budget.write(shown)
        else:
            self.budget.write(Printer(self.budget).sprint([shown]))


_WALKERS: dict[type, Callable[[State, Ref, Any], None]] = {
    n.TextNode: State.walk_text,
    n.ListNode: State.walk_list,
    n.ActionNode: State.walk_action,
    n.CommentNode: State.walk_comment,
    n.BreakNode: State.walk_break,
    n.ContinueNode: State.walk_continue,
    n.IfNode: State.walk_if,
    n.WithNode: State.walk_if,
    n.RangeNode: State.walk_range,
    n.TemplateNode: State.walk_template,
}


def execute(program: Program, data: Any, budget: Budget) -> str:
    """The output of the program's main template. Raises GoTemplateError."""
    budget.restart()
    state = State(program, program.name, budget, [("$", Ref(data))])
    root = program.trees.get(program.name)
    if root is None:
        raise state.error(f"{quote(program.name)} is an incomplete or empty template")
    try:
        state.walk(Ref(data), root)
    except AddressError:
        raise state.error(ADDRESS_TEXT) from None
    budget.count_output()
    return "".join(budget.pieces)


ADDRESS_TEXT = "this prints a memory address, which Go writes differently in every run"
