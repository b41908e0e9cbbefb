"""Closures for lists and ranges of compiled templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..parse import nodes as n
from ..values.representation import Func, Iterator, Map, Pointer, Scalar, Slice, element, sorted_items, typed
from .expressions import Run
from .frame import DOT, RUNTIME, Bail, Frame

# What a closure gives when a break or continue ends its list.
BREAK, CONTINUE = 1, 2

# Turns of a counting loop between two looks at the budget.
_TURNS = 256


def sequence(runs: Sequence[Run]) -> Run:
    """One after the other."""
    if not runs:
        return lambda f: None
    if len(runs) == 1:
        return runs[0]
    if len(runs) == 2:
        first, second = runs

        def both(f: Frame) -> None:
            first(f)
            second(f)

        return both
    if len(runs) == 3:
        one, two, three = runs

        def all_three(f: Frame) -> None:
            one(f)
            two(f)
            three(f)

        return all_three

    def every(f: Frame) -> None:
        for run in runs:
            run(f)

    return every


def jumping(runs: Sequence[Run]) -> Run:
    """One after the other, until one breaks or continues."""
    if len(runs) == 1:
        return runs[0]

    def every(f: Frame) -> Any:
        for run in runs:
            jump = run(f)
            if jump:
                return jump
        return None

    return every


def cost_of(node: n.Node | None) -> int:
    """Steps that one pass over a list may take at most, inner loops not counted."""
    if isinstance(node, n.ListNode):
        cost = 1
        for child in node.nodes:
            cost += 1 if isinstance(child, n.TextNode) else cost_of(child)
        return cost
    if isinstance(node, n.RangeNode):
        return 1 + _pipe_cost(node.pipe)
    if isinstance(node, n.BranchNode):
        return 1 + _pipe_cost(node.pipe) + max(cost_of(node.list), cost_of(node.else_list))
    if isinstance(node, (n.ActionNode, n.TemplateNode)):
        return 1 + _pipe_cost(node.pipe)
    return 1


def _pipe_cost(pipe: n.PipeNode | None) -> int:
    if pipe is None:
        return 0
    cost = len(pipe.cmds)
    for command in pipe.cmds:
        cost += len(command.args)
        for argument in command.args:
            if isinstance(argument, n.PipeNode):
                cost += _pipe_cost(argument)
    return cost


def loop(over: Run, slots: Sequence[int], body: Run, otherwise: Run, cost: int) -> Run:
    """`range`: the body for every element, or `otherwise` when there is none."""
    count = _counting(slots, body, cost)
    visit = _visiting(slots, body, cost)

    def run(f: Frame) -> Any:
        value = over(f)
        if type(value) is Pointer:
            value = value.target
            if value is None:
                raise Bail
        if type(value) is int:
            if len(slots) > 1:
                raise Bail
            if value > 0:
                count(f, value)
                return None
        elif value:
            visit(f, *_pairs(value, len(slots)))
            return None
        elif type(value) in (bool, str, float, complex, Scalar, Func, Iterator):
            raise Bail
        for slot in slots:
            f[slot] = value
        jump = otherwise(f)
        return None if jump == BREAK else jump  # a break in an else ends this range, in Go too

    return run


def _counting(slots: Sequence[int], body: Run, cost: int) -> Callable[[Frame, int], None]:
    """The turns of a range over an int."""
    slot = slots[0] if slots else DOT

    def count(f: Frame, end: int) -> None:
        dot = f[DOT]
        at = 0
        spend = f[RUNTIME].spend
        while at < end:
            stop = min(at + _TURNS, end)
            for i in range(at, stop):
                f[DOT] = i
                f[slot] = i
                if body(f) == BREAK:
                    f[DOT] = dot
                    spend(cost * (i + 1 - at))
                    return
            spend(cost * (stop - at))
            at = stop
        f[DOT] = dot

    return count


def _visiting(slots: Sequence[int], body: Run, cost: int) -> Callable[[Frame, Any, Any], None]:
    """The turns of a range over elements, with their indexes."""
    first = slots[0] if len(slots) > 1 else None
    second = slots[-1] if slots else DOT

    def visit(f: Frame, indexes: Any, elements: Any) -> None:
        dot = f[DOT]
        runtime = f[RUNTIME]
        for index, value in zip(indexes, elements, strict=False):
            runtime.spend(cost)
            f[DOT] = value
            f[second] = value
            if first is not None:
                f[first] = index
            if body(f) == BREAK:
                break
        f[DOT] = dot

    return visit


def _pairs(value: Any, names: int) -> tuple[Any, Any]:
    """The indexes and the elements of what is ranged over."""
    kind = type(value)
    if kind is list or kind is tuple:
        return range(len(value)), value
    if kind is Slice:
        return range(value.length), [element(value, i) for i in range(value.length)]
    if kind is dict or kind is Map:
        items = sorted_items(value)
        return [k for k, _ in items], [v for _, v in items]
    if kind is Iterator and value.type.yields == 2:
        key_type, elem_type = value.type.key, value.type.elem
        items = [(typed(key_type, k), typed(elem_type, v)) for k, v in value.make()]
        keys = [k for k, _ in items]
        return keys, [v for _, v in items] if names > 1 else keys
    raise Bail
