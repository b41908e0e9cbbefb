"""Macros are inlined; their text is a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jinja2 import nodes

from ..ir import nodes as go
from ..values.callables import Macro
from ..values.choice import Cond, leaves
from ..values.known import EMPTY, NONE, Const, DictEntry, KnownDict, KnownList, Undef
from ..values.request import is_data
from ..values.value import Value
from .control_flow import Dead, Unsupported
from .printing import printed_text
from .recursion import call_template
from .state import State

# Calls inside calls; recursion over known values (a schema's nesting, an indent) ends well before.
MAX_DEPTH = 12
# One macro written out in place: beyond this the TEMPLATE would be megabytes.
MAX_NODES = 1500
MAX_STEPS = 15_000
# Statements executed so far beyond which no macro is written out inside another over unknown values.
ENOUGH = 7_000
# A macro in itself over values that only show at run time: every level multiplies what is written.
MAX_RECURSION = 2

_Texts = list[nodes.Expr]


def call_macro(st: State, macro: Macro, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The text of a macro's call."""
    caller = kwargs.get("caller")
    if isinstance(caller, Macro) and macro.node.name in st.recursive:
        parts = _around_block(st, macro)
        if parts is not None:
            before, inner, after = parts
            rest = {k: v for k, v in kwargs.items() if k != "caller"}
            first = _block_and_text(st, before, caller)
            middle = call_macro(st, inner, args, rest)
            return st.concat(st.concat(first, middle), _block_and_text(st, after, caller))
    args, kwargs = _without_unread(macro, args, kwargs)
    found = call_template(st, macro, args, kwargs, expand)
    if found is not None:
        return found
    try:
        return expand(st, macro, args, kwargs, captured=True)
    except RecursionError:
        # an outer call has room again to say so
        raise Unsupported(f"the macro {macro.node.name} nested this deeply", st.line) from None


def _without_unread(
    macro: Macro, args: list[Value], kwargs: dict[str, Value]
) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call, none in place of those that the macro never reads.

    A template can be given one piece of data only, so an argument that nobody looks at must not be another.
    """
    parameters = [str(a.name) for a in macro.node.args]
    unread = _unread(macro.node)
    passed = [NONE if name in unread else v for name, v in zip(parameters, args, strict=False)]
    named = {k: NONE if k in unread else v for k, v in kwargs.items()}
    return [*passed, *args[len(parameters) :]], named


def _unread(macro: nodes.Macro) -> frozenset[str]:
    """The parameters that a macro never reads, other than to hand them to itself as such a parameter."""
    names = [str(a.name) for a in macro.args]
    unread = set(names)
    while True:
        read = _names_read([*macro.defaults, *macro.body], str(macro.name), names, unread)
        if not unread & read:
            return frozenset(unread)
        unread -= read


def _names_read(
    within: Sequence[nodes.Node], macro: str, parameters: list[str], unread: set[str]
) -> set[str]:
    """The names that nodes read, without those that only stand for an unread parameter of a macro's call."""
    found = set[str]()
    for node in within:
        inside = list(node.iter_child_nodes())
        if isinstance(node, nodes.Name):
            found.add(node.name)
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == macro:
            handed = [*zip(parameters, node.args, strict=False), *((k.key, k.value) for k in node.kwargs)]
            skipped = {id(v) for name, v in handed if name in unread and isinstance(v, nodes.Name)}
            inside = [n for n in inside if id(getattr(n, "value", n)) not in skipped]
        found |= _names_read(inside, macro, parameters, unread)
    return found


def _around_block(st: State, macro: Macro) -> tuple[_Texts, Macro, _Texts] | None:
    """What a macro prints before the rest and after it, where `caller()` stands only there; else None.

    A defined template sees one value and not the block of `{% call %}`, so that is written around it.
    """
    body = list(macro.node.body)
    before = _take_texts(body, 0)
    after = _take_texts(body, -1)[::-1]
    inner = nodes.Macro(f"{macro.node.name} inside", macro.node.args, macro.node.defaults, body)
    inner.lineno = macro.node.lineno
    around = any(isinstance(n, nodes.Call) for n in (*before, *after))
    if not around or any(n.name == "caller" for n in inner.find_all(nodes.Name)):
        return None
    st.recursive |= {inner.name}
    return before, Macro(inner, macro.scope), after


def _take_texts(body: list[nodes.Node], end: int) -> _Texts:
    """Takes the texts and the `caller()` from one end of statements, the outermost first."""
    taken: _Texts = []
    while body:
        output = body[end]
        if not isinstance(output, nodes.Output):
            break
        parts = list(output.nodes)
        while parts and _prints_block(parts[end]):
            taken.append(parts.pop(end))
        body.pop(end)
        if parts:
            body.insert(0 if end == 0 else len(body), nodes.Output(parts, lineno=output.lineno))
            break
    return taken


def _block_and_text(st: State, texts: _Texts, caller: Macro) -> Value:
    """What texts and `caller()` print."""
    found: Value = EMPTY
    for n in texts:
        text = Const(n.data) if isinstance(n, nodes.TemplateData) else call_macro(st, caller, [], {})
        found = st.concat(found, text)
    return found


def _prints_block(node: nodes.Expr) -> bool:
    """Whether it is a text, or `caller()`."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return node.node.name == "caller" and not (
            node.args or node.kwargs or node.dyn_args or node.dyn_kwargs
        )
    return isinstance(node, nodes.TemplateData)


def expand(
    st: State, macro: Macro, args: list[Value], kwargs: dict[str, Value], *, captured: bool = False
) -> Value:
    """Writes a macro out in place: its text as a value, or as statements."""
    if st.steps - st.begun > ENOUGH and st.calling and not all(map(_known, args)):
        raise Unsupported(f"the macro {macro.node.name}: the TEMPLATE would become too long", st.line)
    again = sum(1 for name in st.calling if name == macro.node.name)
    if len(st.calling) >= MAX_DEPTH or (again >= MAX_RECURSION + st.holding and not all(map(_settled, args))):
        raise Unsupported(f"recursive macro {macro.node.name} over values of the request", st.line)
    saved, statements = st.scope, list[go.Node]()
    st.scope = st.fresh()
    st.parents[st.scope] = macro.scope
    st.calling.append(str(macro.node.name))
    try:
        _bind(st, macro, args, dict(kwargs))
        begun = st.steps
        if captured:
            statements = written(st, lambda: st.execute_all(macro.node.body))
        else:
            st.execute_all(macro.node.body)
        if captured and (
            st.steps - begun > MAX_STEPS or sum(1 for _ in go.all_nodes(statements)) > MAX_NODES
        ):
            raise Unsupported(f"the macro {macro.node.name}: its text would become too long", st.line)
    finally:
        st.drop_scope(st.scope)
        st.scope = saved
        st.calling.pop()
    # once the macro's own names are gone, nothing but these statements holds its variables
    return printed_text(st, statements)


def _known(v: Value) -> bool:
    return not any(is_data(leaf) for leaf in leaves(v))


def _settled(v: Value) -> bool:
    """Whether a value is known to its last part, so that a recursion over it comes to its end."""
    if isinstance(v, Cond):
        return _settled(v.then) and _settled(v.orelse)
    if isinstance(v, KnownList):
        return all(map(_settled, v.items))
    if isinstance(v, KnownDict):
        return all(_settled(e.value) for e in v.entries)
    return isinstance(v, (Const, Undef))


def _bind(st: State, macro: Macro, args: list[Value], kwargs: dict[str, Value]) -> None:
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
            value = st.eval(defaults[n - first_default])
        else:
            value = Undef(name)
        st.state[(st.scope, name)] = value
    if len(args) > len(names):
        st.state[(st.scope, "varargs")] = KnownList(tuple(args[len(names) :]))
    if "caller" in kwargs:
        st.state[(st.scope, "caller")] = kwargs.pop("caller")
    if kwargs:
        left = KnownDict(tuple(DictEntry(k, v) for k, v in kwargs.items()))
        st.state[(st.scope, "kwargs")] = left


def block_text(st: State, body: Callable[[], None]) -> Value:
    """Runs statements in a scope of their own and answers what they print as a text."""
    return printed_text(st, st.in_scope(lambda: written(st, body)))


def written(st: State, body: Callable[[], None]) -> list[go.Node]:
    """Runs statements and answers what they wrote."""
    dead = False
    with st.capture() as statements:
        try:
            body()
        except Dead:
            dead = True
    if dead:
        st.emit(*statements)
        raise Dead
    return statements
