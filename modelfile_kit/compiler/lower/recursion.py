"""Macros that call themselves over data of unknown depth: a defined template that includes itself.

A defined template sees one argument and none of the caller's variables, so every unknown value the
macro is given has to come from one piece of data, and the macro may change nothing outside itself.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr
from ..values.callables import Hidden, Macro, Namespace
from ..values.choice import leaves
from ..values.known import NONE
from ..values.request import is_data
from ..values.text import Block, FixedTextError, text_of
from ..values.value import Rewrite, Value
from .control_flow import TooMuchHeld, Unsupported
from .facts import Facts
from .state import Bindings, State

# A known argument that grows with the depth (an indent) makes a template a level.
MAX_INSTANCES = 16
# Work at compile time beyond which no further level is written.
MAX_STEPS = 30_000
# Statements of all templates together, and work, beyond which macros whose text is held are written out
# everywhere, which ends sooner: an indent that grows makes a template a level, each with its expansions.
MAX_HELD = 2_000
MAX_HELD_STEPS = 4_000


# Writes a macro out in place (see `macros`).
Expand = Callable[[State, Macro, list[Value], dict[str, Value]], Value]


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
    every = list(v.exprs())
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


def call_template(
    st: State, macro: Macro, args: list[Value], kwargs: dict[str, Value], expand: Expand
) -> Value | None:
    """The call as `{{ template … }}`; None where the macro has to be written out in place."""
    name = str(macro.node.name)
    if name not in st.recursive or not _has_data([*args, *kwargs.values()]):
        return None
    if st.holding and name.partition(" ")[0] in st.held:
        if st.steps > MAX_HELD_STEPS:
            raise TooMuchHeld
        return None
    names = sorted(kwargs)
    values = [*args, *(kwargs[n] for n in names)]
    source = source_of(values)
    if source is None or isinstance(source, (go.Root, go.Index)):
        return None
    seen = tuple(_replaced(v, source, go.Dot()) for v in values)
    visible = {k: v for k, v in st.state.items() if k[0] == 0 or not list(v.exprs())}
    # what else the macro can see: another value there makes it another template
    reach = _owners(st, macro.scope)
    around = tuple((k, v) for k, v in visible.items() if k[0] in reach and k[1] in st.macro_names)
    about = frozenset((t, a) for t, a in st.facts.known.items() if _of_request(t))
    key = (macro.node.name, seen, tuple(names), around, about)
    instance = st.instances.get(key)
    if instance is None:
        count = sum(1 for k in st.instances if isinstance(k, tuple) and k[0] == macro.node.name)
        if count >= MAX_INSTANCES or st.steps > MAX_STEPS:
            raise Unsupported(f"the recursion of the macro {macro.node.name} beyond {count} levels", st.line)
        instance = name + (f" {count + 1}" if count else "")
        st.instances[key] = instance
        named = dict(zip(names, seen[len(args) :], strict=True))
        hidden = {k: Hidden(k[1]) for k in st.state if k not in visible}
        facts, line, written = st.facts, st.line, instance

        state = {**visible, **hidden}

        def define() -> None:
            st.line = line
            _define(st, written, state, facts, lambda: _expand(st, macro, named, seen[: len(args)], expand))

        st.undefined.append(define)
    return text_of(Block((go.Include(instance, source),)))


def _owners(st: State, scope: int | None) -> set[int]:
    """The scopes whose names a macro sees, and the namespaces that these names hold."""
    found: set[int] = set()
    while scope is not None:
        found.add(scope)
        scope = st.parents.get(scope)
    return found | {v.owner for k, v in st.state.items() if k[0] in found and isinstance(v, Namespace)}


def _of_request(t: go.Test) -> bool:
    """Whether a test looks at the request, which a template sees wherever it is called from."""
    return any(isinstance(x, go.Root) for e in go.test_exprs(t) for x in go.walk(e))


def _expand(
    st: State, macro: Macro, kwargs: dict[str, Value], args: tuple[Value, ...], expand: Expand
) -> Value:
    before = dict(st.state)
    expand(st, macro, list(args), kwargs)
    if any(st.state.get(k) != v for k, v in before.items()):
        raise Unsupported(f"the macro {macro.node.name}, recursive and with effects outside itself", st.line)
    return NONE


def define_all(st: State) -> None:
    """Writes the templates that were called, in the order of the calls, so that a limit meets the deepest."""
    while st.undefined:
        st.undefined.pop(0)()
        if st.held and sum(1 for t in st.templates.values() for _ in go.all_nodes(t)) > MAX_HELD:
            raise TooMuchHeld


def _has_data(values: list[Value]) -> bool:
    return any(is_data(leaf) for v in values for leaf in leaves(v))


def _define(st: State, name: str, state: Bindings, facts: Facts, body: Callable[[], Value]) -> None:
    """One template: it sees its argument and what does not change."""
    saved = st.state, st.loops, st.calling, st.outer, st.declared, st.begun, st.holding
    texts = st.worked_out, st.worked_texts
    st.state, st.worked_out, st.worked_texts, st.loops, st.calling = state, {}, {}, [], []
    st.outer, st.declared, st.begun, st.holding = frozenset(), set(), st.steps, False
    try:
        run = st.run(facts, body)
    finally:
        st.state, st.loops, st.calling, st.outer, st.declared, st.begun, st.holding = saved
        st.worked_out, st.worked_texts = texts
    st.templates[name] = tuple(run.nodes)


def _replaced(v: Value, old: Expr, new: Expr) -> Value:
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

    try:
        return v.rewritten(Rewrite(expr, test))
    except FixedTextError:
        raise Unsupported("a loop's text as the argument of a recursive macro") from None
