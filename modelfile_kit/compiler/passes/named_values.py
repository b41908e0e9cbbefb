"""Gives a name to an expression that a TEMPLATE repeats, where that makes it shorter.

What a tool's schema holds is looked up by `index`, and asked for its type before it is used; deep in a schema
such an expression is long, and a chain of `else if` asks for it again and again.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, call
from .effects import effects, worked_out
from .replaced import replaced

# Characters that a name has to save: fewer are not worth a line that a reader has to look up.
WORTH = 120
# Names that one block of statements gets at most; each looks through the block once more.
NAMES_MAX = 50
# About the length of `{{- $name :=  }}` with its newline, and of the name.
_LINE, _NAME = 16, 6
# Functions that give the same for the same arguments, and change nothing.
_PURE = frozenset(
    ("and", "eq", "ge", "gt", "index", "json", "le", "len", "lt", "ne", "not", "or", "printf", "slice")
)

_Key = TypeVar("_Key")
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


class _Block:
    """Where statements beside each other use and change what, inner statements included.

    Each place is the number of a statement, and stands there as often as the statement mentions the thing.
    exprs: of expressions; asked: of a condition with the value that is compared right behind it; assigned:
    of variables that get another value.
    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes

    @cached_property
    def exprs(self) -> dict[Expr, list[int]]:
        return _places((e, at) for at, n in enumerate(self.nodes) for e in go.all_exprs((n,)))

    @cached_property
    def asked(self) -> dict[tuple[Expr, Expr], list[int]]:
        return _places(
            (pair, at) for at, n in enumerate(self.nodes) for t in _tests((n,)) for pair in _pairs(t)
        )

    @cached_property
    def assigned(self) -> dict[int, list[int]]:
        return _places((v, at) for at, n in enumerate(self.nodes) for v in effects(n).assigned)

    def valid(self, at: int, e: Expr) -> int:
        """Up to which statement the value of before `at` may be used: a variable in it changes there."""
        places = (self.assigned.get(v, []) for v in go.variables(e))
        after = (p[i] for p in places if (i := bisect.bisect_left(p, at)) < len(p))
        return min(after, default=len(self.nodes))


def _places(found: Iterable[tuple[_Key, int]]) -> dict[_Key, list[int]]:
    places: dict[_Key, list[int]] = {}
    for key, at in found:
        places.setdefault(key, []).append(at)
    return places


def _between(places: list[int], start: int, end: int) -> int:
    """How many of the places are from one statement up to another."""
    return bisect.bisect_left(places, end) - bisect.bisect_left(places, start)


def _block(nodes: Nodes, numbers: Iterator[int]) -> Nodes:
    out: list[Node] = []
    block = _Block(nodes)
    at = named = 0
    while at < len(block.nodes):
        n = block.nodes[at]
        found = _best(block, at) if named < NAMES_MAX else None
        if found:
            _, value, change = found
            var = go.Var(next(numbers), _hint(value))
            out.append(go.together(go.Declare(var, value), n))
            block, at = _Block(change(block.nodes[at:], var)), 0
            named += 1
        else:
            out.append(go.with_blocks(n, lambda inner: _block(inner, numbers)))
            at += 1
    return tuple(out)


def _best(block: _Block, at: int) -> _Naming | None:
    """The expression that is worth a name most, of those that a statement works out in any case."""
    first = block.nodes[at]
    test = first.test if isinstance(first, go.If) else None
    sure = [x for x in dict.fromkeys(worked_out(first)) if _is_long(x)]
    if not sure:
        return None
    best: _Naming | None = None
    for e in sure:
        if _worth(e, _between(block.exprs[e], at, len(block.nodes))) < WORTH:
            continue
        end = block.valid(at, e)
        worth = _worth(e, _between(block.exprs[e], at, end))
        if worth > (best[0] if best else WORTH - 1):
            best = worth, e, _plainly(e, end - at)
    for guard, value in _guarded_in(test) if test is not None else ():
        pair = call("or", call("and", guard, value), Lit(""))
        end = block.valid(at, pair)
        count = _between(block.asked[guard, value], at, end)
        worth = (count - 1) * (_length(guard) + _length(value)) - _LINE - count * _NAME
        if worth > (best[0] if best else WORTH - 1):
            best = worth, pair, _guardedly(guard, value, end - at)
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
        return (*replaced(rest[:end], e, var), *rest[end:])

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
