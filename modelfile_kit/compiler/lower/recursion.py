"""Macros that call themselves over data of unknown depth: a defined template that includes itself.

A defined template sees one argument and none of the caller's variables, so every unknown value the
macro is given has to come from one piece of data, and the macro may change nothing outside itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from .. import go, types
from ..go import Expr
from ..outcomes import Unsupported
from ..types import MacroV, Value

if TYPE_CHECKING:
    from .statements import Lowering

# A known argument that grows with the depth (an indent) makes a template a level.
MAX_INSTANCES = 16


def recursive_macros(tree: nodes.Template) -> frozenset[str]:
    """The names of macros that can come to call themselves."""
    calls: dict[str, set[str]] = {}
    for macro in tree.find_all(nodes.Macro):
        found = {c.node.name for c in macro.find_all(nodes.Call) if isinstance(c.node, nodes.Name)}
        calls.setdefault(macro.name, set()).update(found)
    reached = {name: set(found) for name, found in calls.items()}
    for _ in calls:
        for found in reached.values():
            for other in list(found):
                found |= reached.get(other, set())
    return frozenset(name for name, found in reached.items() if name in found)


def source_of(values: list[Value]) -> Expr | None:
    """The one piece of data that all unknown parts of the values come from."""
    chains: list[list[Expr]] = []
    for v in values:
        for e in _tops(v):
            chains.append(_chain(e))
    if not chains:
        return None
    common = [e for e in chains[0] if all(e in chain for chain in chains[1:])]
    return common[0] if common else None


def _tops(v: Value) -> list[Expr]:
    """The outermost expressions of a value."""
    every = list(types.value_exprs(v))
    inner = {id(x) for e in every if isinstance(e, (go.Field, go.Call)) for x in list(go.walk(e))[1:]}
    return [e for e in every if id(e) not in inner and not isinstance(e, go.Lit)]


def _chain(e: Expr) -> list[Expr]:
    """An expression and what it is taken from."""
    out = [e]
    while True:
        if isinstance(e, go.Field):
            e = e.base
        elif isinstance(e, go.Call):
            inner = [a for a in e.args if not isinstance(a, go.Lit)]
            if len(inner) != 1:
                return out
            e = inner[0]
        else:
            return out
        out.append(e)


def call_template(ev: Lowering, macro: MacroV, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The call as `{{ template … }}`; None where the macro has to be written out in place."""
    if macro.node.name not in ev.recursive or not _has_data([*args, *kwargs.values()]):
        return None
    names = sorted(kwargs)
    values = [*args, *(kwargs[n] for n in names)]
    source = source_of(values)
    if source is None or isinstance(source, (go.Root, go.Index)):
        return None
    seen = tuple(replace(v, source, go.Dot()) for v in values)
    key = (macro.node.name, seen, tuple(names))
    name = ev.instances.get(key)
    if name is None:
        named = dict(zip(names, seen[len(args) :], strict=True))
        name = _define(ev, macro, key, named, list(seen[: len(args)]))
    return types.text(types.Block((go.Include(name, source),)))


def _has_data(values: list[Value]) -> bool:
    return any(isinstance(leaf, types.Obj) for v in values for leaf in types.leaves(v))


def _define(ev: Lowering, macro: MacroV, key: object, kwargs: dict[str, Value], args: list[Value]) -> str:
    from .macros import expand

    count = sum(1 for k in ev.instances if isinstance(k, tuple) and k[0] == macro.node.name)
    if count >= MAX_INSTANCES:
        raise Unsupported(
            f"the recursion of the macro {macro.node.name} beyond {MAX_INSTANCES} levels", ev.line
        )
    name = macro.node.name + (f" {count + 1}" if count else "")
    ev.instances[key] = name
    state, worked = dict(ev.state), ev.worked_out
    visible = {k: v for k, v in state.items() if k[0] == 0 or not list(types.value_exprs(v))}
    hidden = {k: types.Hidden(k[1]) for k in state if k not in visible}

    def thunk() -> Value:
        ev.state = {**visible, **hidden}
        before = dict(ev.state)
        ev.worked_out, ev.loops = {}, []
        expand(ev, macro, args, kwargs)
        if any(ev.state.get(k) != v for k, v in before.items()):
            raise Unsupported(
                f"the macro {macro.node.name}, recursive and with effects outside itself", ev.line
            )
        return types.NONE

    loops, calling, ev.calling = ev.loops, ev.calling, []
    outer, declared = ev.outer, ev.declared
    ev.outer, ev.declared = frozenset(), set()
    try:
        run = ev.run(ev.facts, thunk)
    finally:
        ev.worked_out, ev.loops, ev.calling = worked, loops, calling
        ev.outer, ev.declared = outer, declared
    ev.templates[name] = tuple(run.nodes)
    return name


def replace(v: Value, old: Expr, new: Expr) -> Value:  # noqa: C901 - one line a kind
    """The value with one expression in place of another."""

    def expr(e: Expr) -> Expr:
        if e == old:
            return new
        if isinstance(e, go.Field):
            return go.Field(expr(e.base), e.name)
        return go.Call(e.fn, tuple(map(expr, e.args))) if isinstance(e, go.Call) else e

    def test(t: go.Test) -> go.Test:
        if isinstance(t, go.Atom):
            return go.Atom(expr(t.expr))
        if isinstance(t, go.Not):
            return go.negate(test(t.test))
        if isinstance(t, go.All):
            return go.both(*map(test, t.tests))
        return go.either(*map(test, t.tests)) if isinstance(t, go.Some) else t

    def part(p: types.Part) -> types.Part:
        if isinstance(p, str):
            return p
        if isinstance(p, types.Choice):
            a, b = value(p.then), value(p.orelse)
            assert isinstance(a, types.Str) and isinstance(b, types.Str)
            return types.Choice(test(p.test), a, b)
        if isinstance(p, (types.Block, types.PictureTags, types.PictureText)):
            raise Unsupported("a loop's text as the argument of a recursive macro")
        return expr(p)

    def value(v: Value) -> Value:
        if isinstance(v, types.Str):
            return types.Str(tuple(map(part, v.parts)), v.nonempty)
        if isinstance(v, types.Int):
            return types.Int(tuple((expr(e), n) for e, n in v.terms), v.const)
        if isinstance(v, types.Bool):
            return types.Bool(test(v.test))
        if isinstance(v, types.Obj):
            return types.Obj(v.kind, expr(v.expr), v.reverse)
        if isinstance(v, types.Cond):
            return types.Cond(test(v.test), value(v.then), value(v.orelse))
        if isinstance(v, types.ListV):
            return types.ListV(tuple(map(value, v.items)))
        if isinstance(v, types.DictV):
            return types.DictV(tuple(types.Entry(e.key, value(e.value), test(e.present)) for e in v.entries))
        return v

    return value(v)
