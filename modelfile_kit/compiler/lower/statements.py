"""Statements: what each kind of node of a chat template does."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from .. import frontend
from ..ir import nodes as go
from ..values.callables import Macro
from ..values.value import Value
from .assignment import bind
from .control_flow import Dead, Unsupported
from .expressions import apply_filter, arguments, require_characters, test
from .macros import block_text, call_macro
from .printing import print_value
from .ranges import flush
from .state import State


def output(st: State, node: nodes.Output) -> None:
    outer = st.origin
    for child in node.nodes:
        st.origin = st.observer.begins(child, outer)
        if isinstance(child, nodes.TemplateData):
            require_characters(child.data, child.lineno)
            if child.data:
                st.emit(go.Text(child.data))
        else:
            print_value(st, st.eval(child))


def if_(st: State, node: nodes.If) -> None:
    after, scope = st.after, st.scope

    def other() -> None:
        if not node.elif_:
            st.execute_all(node.else_)
            return
        rest = nodes.If(node.elif_[0].test, node.elif_[0].body, node.elif_[1:], node.else_)
        rest.lineno = node.elif_[0].lineno
        st.live[scope] = after | frontend.names_in(rest)
        st.after = after
        outer, st.origin = st.origin, st.observer.begins(node.elif_[0], st.origin)
        try:
            if_(st, rest)
        finally:
            st.origin = outer

    st.line = node.lineno
    found = test(st, node.test)
    st.observer.decides(node.test, st.facts.simplify(found))
    st.live[scope] = after
    st.either_way(found, lambda: st.execute_all(node.body), other)


def assign(st: State, node: nodes.Assign) -> None:
    bind(st, node.target, _held(st, lambda: st.eval(node.node)))


def assign_block(st: State, node: nodes.AssignBlock) -> None:
    value = _held(st, lambda: block_text(st, lambda: st.execute_all(node.body)))
    if node.filter is not None:
        value = _filtered(st, node.filter, value)
    bind(st, node.target, value)


def _held(st: State, value: Callable[[], Value]) -> Value:
    """What a name is set to; a template that prints it could not be asked for it."""
    outer, st.holding = st.holding, bool(st.held)
    try:
        return value()
    finally:
        st.holding = outer


def filter_block(st: State, node: nodes.FilterBlock) -> None:
    value = block_text(st, lambda: st.execute_all(node.body))
    print_value(st, _filtered(st, node.filter, value))


def _filtered(st: State, node: nodes.Filter, value: Value) -> Value:
    """A block's text through its filters, the innermost first."""
    if node.node is not None:
        assert isinstance(node.node, nodes.Filter)
        value = _filtered(st, node.node, value)
    if node.name not in st.rules.filters:
        raise Unsupported(f"the filter {node.name}", node.lineno)
    return apply_filter(st, node, value)


def macro(st: State, node: nodes.Macro) -> None:
    st.state[(st.scope, node.name)] = Macro(node, st.scope)


def call_block(st: State, node: nodes.CallBlock) -> None:
    if isinstance(node.call.node, nodes.ExtensionAttribute):
        # `{% generation %}` renders its body
        st.in_scope(lambda: st.execute_all(node.body))
        return
    caller = nodes.Macro("caller", node.args, node.defaults, node.body)
    caller.lineno = node.lineno
    callee = st.eval(node.call.node)
    args, kwargs = arguments(st, node.call)
    if not isinstance(callee, Macro):
        raise Unsupported("a call block for a value that is no macro", node.lineno)
    kwargs["caller"] = Macro(caller, st.scope)
    print_value(st, call_macro(st, callee, args, kwargs))


def with_(st: State, node: nodes.With) -> None:
    values = [st.eval(v) for v in node.values]

    def inside() -> None:
        for target, value in zip(node.targets, values, strict=True):
            bind(st, target, value)
        st.execute_all(node.body)

    st.in_scope(inside)


def scope(st: State, node: nodes.Scope) -> None:
    st.in_scope(lambda: st.execute_all(node.body))


def expression(st: State, node: nodes.ExprStmt) -> None:
    st.eval(node.node)


def break_(st: State, node: nodes.Break) -> None:
    _leave(st, go.Break())


def continue_(st: State, node: nodes.Continue) -> None:
    _leave(st, go.Continue())


def _leave(st: State, how: go.Break | go.Continue) -> None:
    """`break` or `continue` of the nearest loop."""
    if not st.loops:
        raise Unsupported("break outside a loop", st.line)
    done = st.loops[-1].done
    if done is not None and isinstance(how, go.Break):
        st.assign(done, go.Lit(True))
    flush(st, st.loops[-1])
    st.loops[-1].exits.append(dict(st.state))
    st.emit(how)
    raise Dead
