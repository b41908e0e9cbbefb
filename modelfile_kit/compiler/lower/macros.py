"""Macros are inlined; their text is a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..values import types
from ..values.types import ListV, MacroV, Undef, Value
from .control_flow import Dead, Unsupported
from .recursion import call_template
from .text import captured as text_of

if TYPE_CHECKING:
    from .statements import Lowering

# Calls inside calls; recursion over known values (a schema's nesting, an indent) ends well before.
MAX_DEPTH = 12
# One macro written out in place: beyond this the TEMPLATE would be megabytes.
MAX_NODES = 1500
MAX_STEPS = 15_000
# Statements executed so far beyond which no macro is written out inside another over unknown values.
ENOUGH = 7_000
# A macro in itself over values that only show at run time: every level multiplies what is written.
MAX_RECURSION = 2


def call_macro(ev: Lowering, macro: MacroV, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The text of a macro's call."""
    found = call_template(ev, macro, args, kwargs)
    if found is not None:
        return found
    try:
        return expand(ev, macro, args, kwargs, captured=True)
    except RecursionError:
        # an outer call has room again to say so
        raise Unsupported(f"the macro {macro.node.name}, nested this deep,", ev.line) from None


def expand(
    ev: Lowering, macro: MacroV, args: list[Value], kwargs: dict[str, Value], *, captured: bool = False
) -> Value:
    """Writes a macro out in place: its text as a value, or as statements."""
    if ev.steps - ev.begun > ENOUGH and ev.calling and not all(map(_known, args)):
        raise Unsupported(f"the macro {macro.node.name} in a template that has grown this much", ev.line)
    again = sum(1 for name in ev.calling if name == macro.node.name)
    if len(ev.calling) >= MAX_DEPTH or (again >= MAX_RECURSION and not all(map(_settled, args))):
        raise Unsupported(f"the recursion of the macro {macro.node.name} over unknown values", ev.line)
    saved, nodes = ev.scope, list[go.Node]()
    ev.scope = ev.fresh()
    ev.parents[ev.scope] = macro.scope
    ev.live[ev.scope] = ev.macro_names
    ev.calling.append(str(macro.node.name))
    try:
        _bind(ev, macro, args, dict(kwargs))
        begun = ev.steps
        if captured:
            nodes = written(ev, lambda: ev.execute_all(macro.node.body))
        else:
            ev.execute_all(macro.node.body)
            nodes = []
        if captured and (ev.steps - begun > MAX_STEPS or sum(1 for _ in go.all_nodes(nodes)) > MAX_NODES):
            raise Unsupported(f"the macro {macro.node.name} over so much that is unknown", ev.line)
    finally:
        ev.drop_scope(ev.scope)
        ev.scope = saved
        ev.calling.pop()
    # once the macro's own names are gone, nothing but these statements holds its variables
    return text_of(ev, nodes)


def _known(v: Value) -> bool:
    return not any(isinstance(leaf, types.Obj) for leaf in types.leaves(v))


def _settled(v: Value) -> bool:
    """Whether a value is known to its last part, so that a recursion over it comes to its end."""
    if isinstance(v, types.Cond):
        return _settled(v.then) and _settled(v.orelse)
    if isinstance(v, ListV):
        return all(map(_settled, v.items))
    if isinstance(v, types.DictV):
        return all(_settled(e.value) for e in v.entries)
    return isinstance(v, (types.Const, Undef))


def _bind(ev: Lowering, macro: MacroV, args: list[Value], kwargs: dict[str, Value]) -> None:
    names = [str(a.name) for a in macro.node.args]
    defaults = macro.node.defaults
    first_default = len(names) - len(defaults)
    for n, name in enumerate(names):
        value: Value
        if n < len(args):
            value = args[n]
        elif name in kwargs:
            value = kwargs.pop(name)
        elif n >= first_default:
            value = ev.eval(defaults[n - first_default])
        else:
            value = Undef(name)
        ev.state[(ev.scope, name)] = value
    if len(args) > len(names):
        ev.state[(ev.scope, "varargs")] = ListV(tuple(args[len(names) :]))
    if "caller" in kwargs:
        ev.state[(ev.scope, "caller")] = kwargs.pop("caller")


def capture(ev: Lowering, body: Callable[[], None]) -> Value:
    """Runs statements in a scope of their own and answers what they print as a text."""
    return text_of(ev, ev.in_scope(lambda: written(ev, body)))


def written(ev: Lowering, body: Callable[[], None]) -> list[go.Node]:
    """Runs statements and answers what they wrote."""
    saved, ev.out = ev.out, []
    dead = False
    try:
        body()
    except Dead:
        dead = True
    finally:
        nodes, ev.out = ev.out, saved
    if dead:
        ev.emit(*nodes)
        raise Dead
    return nodes


__all__ = ["call_macro", "capture", "types"]
