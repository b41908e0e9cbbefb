"""Expressions: what each kind of node of a chat template gives."""

from __future__ import annotations

import re

from jinja2 import nodes

from ...huggingface import environment
from ..ir import nodes as go
from ..ir.nodes import Test
from ..values.callables import Hidden
from ..values.choice import Cond, leaves
from ..values.known import NONE, TRUE, Const, DictEntry, KnownDict, KnownList, Plain, Undef
from ..values.text import Part, is_text, text_of
from ..values.truth import bool_of
from ..values.value import Value
from . import arithmetic
from .compare import compare
from .control_flow import Raised, Unsupported
from .rule_calls import by_rule
from .semantics import attribute, call_value, item, slice_of, to_text
from .state import State

_SURROGATE = re.compile("[\ud800-\udfff]")


def constant(st: State, node: nodes.Const) -> Value:
    if isinstance(node.value, str):
        require_characters(node.value, node.lineno)
    return Const(node.value)


def template_data(st: State, node: nodes.TemplateData) -> Value:
    require_characters(node.data, node.lineno)
    return Const(node.data)


def require_characters(text: str, line: int) -> None:
    """Raises Unsupported for half of a surrogate pair, which is no character.

    Python's texts can hold it; UTF-8, a tokenizer and a string of Go cannot.
    """
    if (half := _SURROGATE.search(text)) is not None:
        told = f"\\u{ord(half[0]):04x}, half of a surrogate pair, which no prompt can hold"
        raise Unsupported(told, line)


def name(st: State, node: nodes.Name) -> Value:
    value = st.lookup(st.scope, node.name)
    if isinstance(value, Hidden):
        raise Unsupported(f"{node.name} inside a recursive macro", node.lineno)
    return value


def sequence(st: State, node: nodes.List | nodes.Tuple) -> Value:
    return KnownList(tuple(st.eval(n) for n in node.items))


def dictionary(st: State, node: nodes.Dict) -> Value:
    entries: dict[Plain, Value] = {}
    for pair in node.items:
        key = st.eval(pair.key)
        if not isinstance(key, Const):
            raise Unsupported("a dictionary with unknown keys", node.lineno)
        entries[key.value] = st.eval(pair.value)
    return KnownDict(tuple(DictEntry(k, v) for k, v in entries.items()))


# --- logic ----------------------------------------------------------------------------------------


def test(st: State, node: nodes.Node) -> Test:
    """The truth of an expression."""
    if isinstance(node, nodes.Not):
        return go.negate(test(st, node.node))
    if isinstance(node, (nodes.And, nodes.Or)):
        return _test_pair(st, node)
    return st.truth(st.eval(node))


def _test_pair(st: State, node: nodes.And | nodes.Or) -> Test:
    left = test(st, node.left)
    conjunction = isinstance(node, nodes.And)
    if isinstance(left, go.Truth) and left.value is not conjunction:
        return left

    def rest() -> Value:
        return bool_of(test(st, node.right))

    def done() -> Value:
        return Const(not conjunction)

    return st.truth(st.branch(left, rest, done) if conjunction else st.branch(left, done, rest))


def negation(st: State, node: nodes.Not) -> Value:
    return bool_of(go.negate(test(st, node.node)))


def conjunction(st: State, node: nodes.And) -> Value:
    left = st.eval(node.left)
    return st.branch(st.truth(left), lambda: st.eval(node.right), lambda: st.settle(left))


def disjunction(st: State, node: nodes.Or) -> Value:
    left = st.eval(node.left)
    return st.branch(st.truth(left), lambda: st.settle(left), lambda: st.eval(node.right))


def conditional(st: State, node: nodes.CondExpr) -> Value:
    other = node.expr2
    return st.branch(
        test(st, node.test),
        lambda: st.eval(node.expr1),
        lambda: st.eval(other) if other is not None else Undef("the inline if's missing else"),
    )


def comparison(st: State, node: nodes.Compare) -> Value:
    left = st.eval(node.expr)
    result: Value = TRUE
    for i, op in enumerate(node.ops):
        right = st.eval(op.expr)
        step = st.lift2(left, right, lambda a, b, op=op: compare(st, op.op, a, b))  # type: ignore[misc]
        result = step if i == 0 else bool_of(go.both(st.truth(result), st.truth(step)))
        left = right
    return result


# --- arithmetic and text --------------------------------------------------------------------------


def binary(st: State, node: nodes.BinExpr) -> Value:
    left, right = st.eval(node.left), st.eval(node.right)
    if isinstance(node, nodes.Add) and _is_textual(left) and _is_textual(right):
        return st.concat(left, right)
    return st.lift2(left, right, lambda a, b: arithmetic.binary(st, node.operator, a, b))


def negative(st: State, node: nodes.Neg) -> Value:
    return st.lift(st.eval(node.node), lambda v: arithmetic.binary(st, "-", Const(0), v))


def positive(st: State, node: nodes.Pos) -> Value:
    return st.eval(node.node)


def concatenation(st: State, node: nodes.Concat) -> Value:
    parts: list[Part] = []
    for part in node.nodes:
        # without autoescape `~` takes str() of everything, marked texts too
        parts += st.parts(to_text(st, st.eval(part)))
    return text_of(*parts)


def _is_textual(v: Value) -> bool:
    return all(is_text(leaf) for leaf in leaves(v))


# --- access ---------------------------------------------------------------------------------------


def get_attribute(st: State, node: nodes.Getattr) -> Value:
    st.line = node.lineno
    return st.lift(st.eval(node.node), lambda v: attribute(st, v, node.attr))


def get_item(st: State, node: nodes.Getitem) -> Value:
    st.line = node.lineno
    base = st.eval(node.node)
    if isinstance(node.arg, nodes.Slice):
        bounds = [st.eval(n) if n else NONE for n in (node.arg.start, node.arg.stop, node.arg.step)]
        return _sliced(st, base, bounds)
    key = st.eval(node.arg)
    return st.lift2(base, key, lambda v, k: item(st, v, k))


def _sliced(st: State, base: Value, bounds: list[Value]) -> Value:
    for n, b in enumerate(bounds):
        if isinstance(b, Cond):

            def chosen(x: Value, n: int = n) -> Value:
                return _sliced(st, base, [*bounds[:n], x, *bounds[n + 1 :]])

            return st.lift(b, chosen)
    start, stop, step = bounds
    return st.lift(base, lambda v: slice_of(st, v, start, stop, step))


# --- calls ----------------------------------------------------------------------------------------


def arguments(
    st: State, node: nodes.Call | nodes.Filter | nodes.Test
) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call, filter or test."""
    args, kwargs = [st.eval(a) for a in node.args], {str(k.key): st.eval(k.value) for k in node.kwargs}
    if node.dyn_args is not None:
        more = st.eval(node.dyn_args)
        if not isinstance(more, KnownList):
            raise Unsupported("* before a list of unknown length", node.lineno)
        args.extend(more.items)
    if node.dyn_kwargs is not None:
        named = st.eval(node.dyn_kwargs)
        if not isinstance(named, KnownDict):
            raise Unsupported("** before a mapping with unknown keys", node.lineno)
        kwargs.update((str(e.key), e.value) for e in named.entries)
    return args, kwargs


def calling(st: State, node: nodes.Call) -> Value:
    callee = st.eval(node.node)
    args, kwargs = arguments(st, node)
    st.line = node.lineno
    return st.lift(callee, lambda f: call_value(st, f, args, kwargs))


def filtered(st: State, node: nodes.Filter) -> Value:
    value = st.eval(node.node) if node.node is not None else Undef()
    if node.name == "_step":
        return value
    return apply_filter(st, node, value)


def apply_filter(st: State, node: nodes.Filter, value: Value) -> Value:
    """A filter's result for a value."""
    args, kwargs = arguments(st, node)
    st.line = node.lineno
    rule = st.rules.filters.get(node.name)
    if rule is None:
        if node.name in environment().filters:
            raise Unsupported(f"the filter {node.name}", node.lineno)
        raise Raised(f"No filter named {node.name!r}.")
    if node.name in st.rules.whole:
        return by_rule(st, f"the filter {node.name}", rule, value, *args, **kwargs)
    return st.lift(value, lambda v: by_rule(st, f"the filter {node.name}", rule, v, *args, **kwargs))


def tested(st: State, node: nodes.Test) -> Value:
    value = st.eval(node.node)
    args, kwargs = arguments(st, node)
    st.line = node.lineno
    rule = st.rules.tests.get(node.name)
    if rule is None:
        raise Unsupported(f"the test {node.name}", node.lineno)

    def ask(v: Value) -> Value:
        return bool_of(st.facts.simplify(by_rule(st, f"the test {node.name}", rule, v, *args, **kwargs)))

    return st.lift(value, ask)
