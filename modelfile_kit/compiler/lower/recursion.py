"""Macros that call themselves over data of unknown depth: a defined template that includes itself.

A defined template sees one argument and none of the caller's variables, so every unknown value the
macro is given has to come from one piece of data, and the macro may change nothing outside itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr
from ..values import types
from ..values.types import MacroV, Value
from .control_flow import Unsupported
from .facts import Facts
from .symbolic_state import State

if TYPE_CHECKING:
    from .statements import Lowering

# A known argument that grows with the depth (an indent) makes a template a level.
MAX_INSTANCES = 16
# Work at compile time beyond which no further level is written.
MAX_STEPS = 30_000


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
    inner = {id(x) for e in every for x in list(go.walk(e))[1:]}
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
        elif isinstance(e, go.Operation):
            e = e.operand
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
    visible = {k: v for k, v in ev.state.items() if k[0] == 0 or not list(types.value_exprs(v))}
    # what else the macro can see: another value there makes it another template
    reach = _owners(ev, macro.scope)
    around = tuple((k, v) for k, v in visible.items() if k[0] in reach and k[1] in ev.macro_names)
    about = frozenset((t, a) for t, a in ev.facts.known.items() if _of_request(t))
    key = (macro.node.name, seen, tuple(names), around, about)
    name = ev.instances.get(key)
    if name is None:
        count = sum(1 for k in ev.instances if isinstance(k, tuple) and k[0] == macro.node.name)
        if count >= MAX_INSTANCES or ev.steps > MAX_STEPS:
            raise Unsupported(f"the recursion of the macro {macro.node.name} beyond {count} levels", ev.line)
        name = str(macro.node.name) + (f" {count + 1}" if count else "")
        ev.instances[key] = name
        named = dict(zip(names, seen[len(args) :], strict=True))
        hidden = {k: types.Hidden(k[1]) for k in ev.state if k not in visible}
        facts, line = ev.facts, ev.line

        state = {**visible, **hidden}

        def define() -> None:
            ev.line = line
            _define(ev, name, state, facts, lambda: _expand(ev, macro, named, seen[: len(args)]))

        ev.undefined.append(define)
    return types.text(types.Block((go.Include(name, source),)))


def _owners(ev: Lowering, scope: int | None) -> set[int]:
    """The scopes whose names a macro sees, and the namespaces that these names hold."""
    found: set[int] = set()
    while scope is not None:
        found.add(scope)
        scope = ev.parents.get(scope)
    return found | {v.owner for k, v in ev.state.items() if k[0] in found and isinstance(v, types.Namespace)}


def _of_request(t: go.Test) -> bool:
    """Whether a test looks at the request, which a template sees wherever it is called from."""
    return any(isinstance(x, go.Root) for e in go.test_exprs(t) for x in go.walk(e))


def _expand(ev: Lowering, macro: MacroV, kwargs: dict[str, Value], args: tuple[Value, ...]) -> Value:
    from .macros import expand

    before = dict(ev.state)
    expand(ev, macro, list(args), kwargs)
    if any(ev.state.get(k) != v for k, v in before.items()):
        raise Unsupported(f"the macro {macro.node.name}, recursive and with effects outside itself", ev.line)
    return types.NONE


def define_all(ev: Lowering) -> None:
    """Writes the templates that were called, in the order of the calls, so that a limit meets the deepest."""
    while ev.undefined:
        ev.undefined.pop(0)()


def _has_data(values: list[Value]) -> bool:
    return any(isinstance(leaf, types.Obj) for v in values for leaf in types.leaves(v))


def _define(ev: Lowering, name: str, state: State, facts: Facts, body: Callable[[], Value]) -> None:
    """One template: it sees its argument and what does not change."""
    saved = ev.state, ev.worked_out, ev.loops, ev.calling, ev.outer, ev.declared, ev.begun
    ev.state, ev.worked_out, ev.loops, ev.calling = state, {}, [], []
    ev.outer, ev.declared, ev.begun = frozenset(), set(), ev.steps
    try:
        run = ev.run(facts, body)
    finally:
        ev.state, ev.worked_out, ev.loops, ev.calling, ev.outer, ev.declared, ev.begun = saved
    ev.templates[name] = tuple(run.nodes)


def replace(v: Value, old: Expr, new: Expr) -> Value:  # noqa: C901 - one line a kind
    """The value with one expression in place of another."""

    def expr(e: Expr) -> Expr:
        if e == old:
            return new
        if isinstance(e, go.Field):
            return go.Field(expr(e.base), e.name)
        if isinstance(e, go.Operation):
            return e.on(expr(e.operand))
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
