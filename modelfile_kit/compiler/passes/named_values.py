"""Gives a name to an expression that a TEMPLATE repeats, where that makes it shorter.

What a tool's schema holds is looked up by `index`, and asked for its type before it is used; deep in a schema
such an expression is long, and a chain of `else if` asks for it again and again.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, call
from .effects import assigned

# Characters that a name has to save: fewer are not worth a line that a reader has to look up.
WORTH = 120
# About the length of `{{- $name :=  }}` with its newline, and of the name.
_LINE, _NAME = 16, 6
# Functions that give the same for the same arguments, and change nothing.
_PURE = frozenset(
    ("and", "eq", "ge", "gt", "index", "json", "le", "len", "lt", "ne", "not", "or", "printf", "slice")
)

# What stands for an expression, and what the name is worth.
_Naming = tuple[int, Expr, "Callable[[Nodes, go.Var], Nodes]"]


def name_values(nodes: Nodes) -> Nodes:
    """Declares before the first statement that works it out what it and the next ones repeat.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> value = go.call("index", go.call("index", go.Root("Tools"), go.Lit(0)), go.Lit("parameters"))
    >>> before = tuple(go.If(go.equal(value, go.Lit(x)), (go.Text(x),)) for x in ("text", "list", "map"))
    >>> before = (*before, *before, *before)
    >>> print(emit(before[:1]))
    {{ if eq (index (index .Tools 0) "parameters") "text" }}text
    {{- end }}
    >>> print(emit(name_values(before))[:92])
    {{ $parameters := index (index .Tools 0) "parameters" }}
    {{- if eq $parameters "text" }}text
    """
    if not any(isinstance(e, go.Call) for e in go.all_exprs(nodes)):
        return nodes
    numbers = itertools.count(1 + max((v for n in go.all_nodes(nodes) for v in _numbers(n)), default=0))
    return _block(nodes, numbers)


def _numbers(n: Node) -> Iterator[int]:
    if isinstance(n, (go.Declare, go.Set)):
        yield n.var.id
    yield from go.node_variables(n)


def _block(nodes: Nodes, numbers: Iterator[int]) -> Nodes:
    out: list[Node] = []
    rest = nodes
    while rest:
        found = _best(rest)
        if found:
            _, value, change = found
            var = go.Var(next(numbers), _hint(value))
            out.append(go.together(go.Declare(var, value), rest[0]))
            rest = change(rest, var)
        else:
            out.append(go.with_blocks(rest[0], lambda block: _block(block, numbers)))
            rest = rest[1:]
    return tuple(out)


def _best(rest: Nodes) -> _Naming | None:
    """The expression that is worth a name most, of those that the first statement works out in any case."""
    first = rest[0]
    test = first.test if isinstance(first, go.If) else None
    sure = {x for e in _first_exprs(first) for x in _certain(e) if _is_long(x)}
    if not sure:
        return None
    counts = Counter(go.all_exprs(rest))
    best: _Naming | None = None
    for e in sure:
        if _worth(e, counts[e]) > (best[0] if best else WORTH - 1):
            end = _valid(rest, e)
            worth = _worth(e, Counter(go.all_exprs(rest[:end]))[e])
            if worth > (best[0] if best else WORTH - 1):
                best = worth, e, _plainly(e, end)
    for guard, value in _guarded_in(test) if test is not None else ():
        pair = call("or", call("and", guard, value), Lit(""))
        end = _valid(rest, pair)
        count = sum(_asks(t, guard, value) for t in _tests(rest[:end]))
        worth = (count - 1) * (_length(guard) + _length(value)) - _LINE - count * _NAME
        if worth > (best[0] if best else WORTH - 1):
            best = worth, pair, _guardedly(guard, value, end)
    return best


def _worth(e: Expr, count: int) -> int:
    return (count - 1) * (_length(e) - _NAME) - _NAME - _LINE


def _is_long(e: Expr) -> bool:
    return (
        isinstance(e, go.Call)
        and _length(e) > 2 * _NAME
        and all(not isinstance(x, go.Call) or x.fn in _PURE for x in go.walk(e))
    )


def _length(e: Expr) -> int:
    """About how many characters it takes."""
    if isinstance(e, go.Call):
        return 2 + len(e.fn) + sum(1 + _length(a) for a in e.args)
    if isinstance(e, go.Field):
        return _length(e.base) + 1 + len(e.name)
    return 2 + len(str(e.value)) if isinstance(e, Lit) else _NAME


def _valid(rest: Nodes, e: Expr) -> int:
    """How many statements may use the value of before the first one: until a variable in it changes."""
    needs = go.variables(e)
    for i, n in enumerate(rest):
        if needs & assigned((n,)):
            return i
    return len(rest)


def _first_exprs(n: Node) -> Iterator[Expr]:
    """The expressions that a statement works out first, whatever they are."""
    if isinstance(n, go.If):
        test: Test = n.test
        while isinstance(test, (go.Not, go.All, go.Some)):
            test = test.test if isinstance(test, go.Not) else test.tests[0]
        yield from go.test_exprs(test)
    else:
        yield from go.node_exprs(n)


def _certain(e: Expr) -> Iterator[Expr]:
    """The parts of an expression that are worked out in any case: `and` and `or` may stop at the first."""
    yield e
    if isinstance(e, go.Field):
        yield from _certain(e.base)
    elif isinstance(e, go.Call):
        for part in e.args[:1] if e.fn in ("and", "or") else e.args:
            yield from _certain(part)


# --- values behind a condition --------------------------------------------------------------------


def _quoted(t: Test) -> tuple[Expr, ...] | None:
    """The arguments of a comparison of a value's `%s` with texts."""
    if not isinstance(t, go.Atom) or not isinstance(t.expr, go.Call) or t.expr.fn != "eq":
        return None
    value = t.expr.args[0]
    is_text = isinstance(value, go.Call) and value.fn == "printf" and value.args[0] == Lit("%s")
    return t.expr.args if is_text and Lit("") not in t.expr.args else None


def _pairs(t: Test) -> Iterator[tuple[Expr, Expr]]:
    """The conditions and the values that are compared right behind them."""
    for inner in _parts(t):
        if isinstance(inner, go.All):
            for guard, asked in itertools.pairwise(inner.tests):
                if isinstance(guard, go.Atom) and (args := _quoted(asked)):
                    yield guard.expr, args[0]


def _guarded_in(t: Test) -> Iterator[tuple[Expr, Expr]]:
    """Those of a test whose condition is asked in any case."""
    first = t
    while isinstance(first, (go.Not, go.Some)):
        first = first.test if isinstance(first, go.Not) else first.tests[0]
    if isinstance(first, go.All):
        for guard, value in itertools.islice(_pairs(go.All(first.tests[:2])), 1):
            if _is_long(value):
                yield guard, value


def _asks(t: Test, guard: Expr, value: Expr) -> int:
    return sum(pair == (guard, value) for pair in _pairs(t))


def _parts(t: Test) -> Iterator[Test]:
    yield t
    if isinstance(t, go.Not):
        yield from _parts(t.test)
    elif isinstance(t, (go.All, go.Some)):
        for part in t.tests:
            yield from _parts(part)


def _tests(nodes: Nodes) -> Iterator[Test]:
    return (n.test for n in go.all_nodes(nodes) if isinstance(n, go.If))


# --- replacing ------------------------------------------------------------------------------------


def _plainly(e: Expr, end: int) -> Callable[[Nodes, go.Var], Nodes]:
    def change(rest: Nodes, var: go.Var) -> Nodes:
        return (*(_replaced(n, e, var) for n in rest[:end]), *rest[end:])

    return change


def _guardedly(guard: Expr, value: Expr, end: int) -> Callable[[Nodes, go.Var], Nodes]:
    def test(t: Test, var: go.Var) -> Test:
        if isinstance(t, go.Not):
            return go.negate(test(t.test, var))
        if isinstance(t, go.Some):
            return go.either(*(test(x, var) for x in t.tests))
        if not isinstance(t, go.All):
            return t
        out: list[Test] = []
        for part in t.tests:
            args = _quoted(part)
            if args and args[0] == value and out and out[-1] == go.Atom(guard):
                out[-1] = go.Atom(go.Call("eq", (var, *args[1:])))
            else:
                out.append(test(part, var))
        return go.both(*out)

    def one(n: Node, var: go.Var) -> Node:
        n = go.with_blocks(n, lambda block: tuple(one(x, var) for x in block))
        return replace(n, test=test(n.test, var)) if isinstance(n, go.If) else n

    return lambda rest, var: (*(one(n, var) for n in rest[:end]), *rest[end:])


def _replaced(part: Any, old: Expr, new: Expr) -> Any:
    if part == old and type(part) is type(old):
        return new
    if isinstance(part, tuple):
        return tuple(_replaced(p, old, new) for p in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{f.name: _replaced(getattr(part, f.name), old, new) for f in fields(part)})
    return part


def _hint(e: Expr) -> str:
    """A name that says what the value is."""
    parts = list(go.walk(e))
    lookups = [x.args[1] for x in parts if isinstance(x, go.Call) and x.fn == "index" and len(x.args) > 1]
    key = next((x.value for x in lookups if isinstance(x, Lit)), None)
    word = key if isinstance(key, str) and key.isidentifier() else ""
    if isinstance(e, go.Call):
        if e.fn in ("eq", "ne", "not"):
            return "is_" + word if word else "same"
        if e.fn in ("printf", "or") and any(x == Lit("%T") for x in parts):
            return "kind"
    return word or "value"
