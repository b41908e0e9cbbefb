"""`for`: over known elements it is unrolled, over Go data it becomes a `range` (see `ranges`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from jinja2 import nodes

from .. import frontend
from ..ir import nodes as go
from ..values.callables import LoopVariable, Macro
from ..values.choice import Cond, leaves
from ..values.known import NONE, Const, Undef
from ..values.lists import Selection
from ..values.number import go_int, sum_of
from ..values.truth import bool_of
from ..values.value import Value
from .assignment import bind
from .compare import is_equal
from .control_flow import Unsupported
from .expressions import test
from .macros import call_macro
from .printing import print_value
from .ranges import fixpoint, otherwise
from .semantics import iterate
from .state import State
from .variable_storage import Kind, shape_of, with_expr

# Iterations of a loop over known elements.
MAX_UNROLL = 500


def execute_for(st: State, node: nodes.For) -> None:
    """One `for` statement."""
    if node.else_ and has_exit(node):
        # Jinja takes the `else` unless some iteration came to its end: not what "empty" says, and very rare.
        raise Unsupported("`else` of a loop with `break` or `continue`", node.lineno)
    over = st.settle(st.eval(node.iter))
    st.line = node.lineno
    if node.recursive and _calls_itself(node):
        _as_macro(st, node, over)
        return
    over = _one_list(st, node, over)
    st.line = node.lineno
    st.recursing = node.__dict__.get("_macro")
    if node.test is not None and not isinstance(over, Selection):
        counting(st, node, lambda n: iterate(st, over, n))
    else:
        iterate(st, over, node)


# The parameter of the macro that a recursive loop is.
_ITEMS = "_items_of_loop"


def _calls_itself(node: nodes.For) -> bool:
    """Whether the body has `loop(…)`."""
    calls = (n.node for n in own_nodes(node.body) if isinstance(n, nodes.Call))
    return any(isinstance(n, nodes.Name) and n.name == "loop" for n in calls)


def _as_macro(st: State, node: nodes.For, over: Value) -> None:
    """`for … recursive` as a macro with the loop in it: `loop(x)` calls it with other elements."""
    if attributes_of_loop(node) & {"depth", "depth0"}:
        raise Unsupported("loop.depth of a recursive for", node.lineno)
    inner = nodes.For(node.target, nodes.Name(_ITEMS, "load"), node.body, node.else_, node.test, False)
    wrapped = nodes.Macro(f"loop:{node.lineno}", [nodes.Name(_ITEMS, "param")], [], [inner])
    inner.lineno = wrapped.lineno = node.lineno
    macro = Macro(wrapped, st.scope)
    inner.__dict__["_macro"] = macro
    st.recursive |= {wrapped.name}
    st.macro_names |= frontend.names_in(wrapped)
    print_value(st, call_macro(st, macro, [over], {}))


@contextmanager
def counted_by(st: State, counted: tuple[go.Var, Value | None] | None) -> Iterator[None]:
    """Iterations are counted in a variable here, and no longer in the loop that comes next."""
    saved, st.counted = st.counted, counted
    try:
        yield
    finally:
        st.counted = saved


def counting(st: State, node: nodes.For, go_over: Callable[[nodes.For], None]) -> None:
    """A loop of which some iterations are left out, with a `loop` that counts those that are not."""
    if not uses_loop(node):
        go_over(node)
        return
    total: Value | None = None
    if attributes_of_loop(node) & {"last", "length", "revindex", "revindex0"}:
        sizing = nodes.For(node.target, node.iter, [], [], node.test, False)
        sizing.lineno = node.lineno
        size = st.declare("size", go.Lit(""))
        with counted_by(st, (size, None)):
            go_over(sizing)
        total = go_int(go.call("len", size))
    with counted_by(st, (st.declare("n", go.Lit("")), total)):
        go_over(node)


def attributes_of_loop(node: nodes.For) -> frozenset[str]:
    """What a loop's body asks of `loop`; the empty text for `loop` itself."""
    found = node.__dict__.get("_asked")
    if found is None:
        names = [n for n in own_nodes(node.body) if isinstance(n, (nodes.Name, nodes.Getattr))]
        found = {""} if any(isinstance(n, nodes.Name) and n.name == "loop" for n in names) else set()
        for n in names:
            if isinstance(n, nodes.Getattr) and isinstance(n.node, nodes.Name) and n.node.name == "loop":
                found.add(n.attr)
        node.__dict__["_asked"] = found = frozenset(found)
    return found


def _one_list(st: State, node: nodes.For, over: Value) -> Value:
    """A choice between Go lists of one kind becomes a variable that holds the list."""
    found = list(leaves(over))
    first = found[0]
    if (
        not isinstance(over, Cond)
        or shape_of(first).kind is not Kind.DATA
        or any(shape_of(v) != shape_of(first) for v in found)
    ):
        return over
    name = node.iter.name if isinstance(node.iter, nodes.Name) else "list"
    var = st.in_variable(name, over)
    held = with_expr(first, var)
    for key, value in st.state.items():
        if value == over:
            st.state[key] = held
    return held


def iteration(st: State, node: nodes.For, element: Value, loop: Value) -> None:
    """One iteration of the body in a scope of its own."""

    def inside() -> Value:
        kept, chosen = choose_element(element) if choose_element else (go.TRUE, element)
        return st.branch(kept, lambda: take(chosen), lambda: NONE)

    def take(chosen: Value) -> Value:
        bind(st, node.target, chosen)
        if node.test is not None:
            # The filter of a loop does not see `loop`.
            return st.branch(test(st, node.test), body, lambda: NONE)
        return body()

    flag, st.entered = st.entered, None
    choose_element, st.selection = st.selection, None
    counted, st.counted = st.counted, None
    macro, st.recursing = st.recursing, None

    def body() -> Value:
        if flag:
            st.assign(flag, go.Lit(True))
        variable = _count(st, *counted) if counted else loop
        if macro is not None and isinstance(variable, LoopVariable):
            variable = replace(variable, macro=macro)
        st.state[(st.scope, "loop")] = variable
        st.execute_all(node.body)
        return NONE

    try:
        st.in_scope(inside)
    finally:
        # the next pass over the body asks the same of each element, also when this one ended early
        st.entered, st.selection, st.counted, st.recursing = flag, choose_element, counted, macro


def _count(st: State, done: go.Var, total: Value | None) -> LoopVariable:
    """`loop` in one more iteration of a loop that is counted."""
    st.assign(done, go.call("printf", go.Lit("%s."), done))
    here = go.call("len", done)
    at = go_int(here)
    last = bool_of(is_equal(st, at, total)) if total is not None else Undef("loop.last")
    place = (sum_of({here: 1}, -1), bool_of(go.equal(here, go.Lit(1))), last)
    return LoopVariable(0, None, position=place, length=total)


def own_nodes(body: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """The nodes of a loop's body that belong to it and not to a loop or macro inside."""
    for node in body:
        yield node
        if isinstance(node, nodes.For):
            yield from own_nodes([node.iter, *node.else_])
        elif not isinstance(node, nodes.Macro):
            yield from own_nodes(list(node.iter_child_nodes()))


def uses_loop(node: nodes.For) -> bool:
    """Whether a loop's body looks at `loop`."""
    return bool(attributes_of_loop(node))


def has_exit(node: nodes.For) -> bool:
    """Whether a loop's body holds a `break` or `continue` of its own."""
    return has_break(node) or any(isinstance(n, nodes.Continue) for n in own_nodes(node.body))


def has_break(node: nodes.For) -> bool:
    """Whether a loop's body holds a `break` of its own."""
    return any(isinstance(n, nodes.Break) for n in own_nodes(node.body))


def unroll(st: State, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """The loop over known elements, written out."""
    if len(elements) > MAX_UNROLL:
        raise Unsupported(f"a loop over more than {MAX_UNROLL} known elements", node.lineno)
    if node.test is not None:
        known = _filtered(st, node, elements)
        if known is None:
            _choosing(st, node, elements)
            return
        elements, st.counted = known, None
    plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
    plain.lineno = node.lineno
    if not elements:
        otherwise(st, node)
        return
    if has_exit(node):
        _unroll_with_exits(st, plain, elements)
        return
    for n, element in enumerate(elements):
        iteration(st, plain, element, _known_loop(n, elements))


def _known_loop(n: int, elements: tuple[Value, ...]) -> LoopVariable:
    place = (Const(n), Const(n == 0), Const(n == len(elements) - 1))
    return LoopVariable(0, None, position=place, items=elements)


def _unroll_with_exits(st: State, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """`break` and `continue` inside known iterations: a `range` of one around each gives them a place."""
    st.require("range_int", "break or continue in a loop over known elements")
    done = st.declare("done", go.Lit(False)) if has_break(node) else None
    for n, element in enumerate(elements):

        def once(_loop: int, n: int = n, element: Value = element) -> None:
            iteration(st, node, element, _known_loop(n, elements))

        iteration_with_exits(st, once, node.lineno, done, first=n == 0)


def iteration_with_exits(
    st: State, once: Callable[[int], None], line: int, done: go.Var | None, *, first: bool = False
) -> None:
    """An iteration that `break` or `continue` may leave; not taken where an earlier one set `done`."""

    def run() -> None:
        fixpoint(st, once, _range_of_one, line, done)

    if done is None or first:
        run()
    else:
        st.either_way(go.negate(go.Atom(done)), run)


def _range_of_one(body: list[go.Node], loop: int) -> go.Node:
    return go.Range(loop, go.Lit(1), tuple(body), index="once", count=True)


def _choosing(st: State, node: nodes.For, elements: tuple[Value, ...]) -> None:
    """Known elements of which some are left out at run time."""
    if node.else_ or has_exit(node):
        raise Unsupported("`else`, `break` or `continue` in a loop that may skip known elements", node.lineno)
    for element in elements:
        iteration(st, node, element, LoopVariable(0, None))


def _filtered(st: State, node: nodes.For, elements: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """The elements that a loop's filter keeps; None where that only shows at run time."""
    kept = []
    for element in elements:

        def ask(element: Value = element) -> go.Test:
            bind(st, node.target, element)
            return test(st, node.test)  # type: ignore[arg-type]

        wanted = st.in_scope(ask)
        if not isinstance(wanted, go.Truth):
            return None
        if wanted.value:
            kept.append(element)
    return tuple(kept)


def over_entries(st: State, node: nodes.For, entries: list[tuple[go.Test, Value]]) -> None:
    """A loop over the keys of a dictionary, some of which may be absent."""
    entries = [(st.facts.simplify(t), v) for t, v in entries]
    kept = entries
    if node.test is not None:
        wanted = _filtered(st, node, tuple(v for _, v in entries))
        if wanted is None:
            raise Unsupported(
                "a filtered loop over a dictionary, the filter depending on the request", node.lineno
            )
        kept, st.counted = [(t, v) for t, v in entries if v in wanted], None
    if all(t == go.TRUE for t, _ in kept):
        plain = nodes.For(node.target, node.iter, node.body, node.else_, None, False)
        plain.lineno = node.lineno
        unroll(st, plain, tuple(v for _, v in kept))
        return
    plain = nodes.For(node.target, node.iter, node.body, [], None, False)
    plain.lineno = node.lineno
    counted = _counted_entries(st, node, [t for t, _ in kept])
    for n, (present, value) in enumerate(kept):
        earlier = go.either(*(t for t, _ in kept[:n]))
        later = go.either(*(t for t, _ in kept[n + 1 :]))

        def once(value: Value = value, earlier: go.Test = earlier, later: go.Test = later) -> Value:
            first = bool_of(st.facts.simplify(go.negate(earlier)))
            last = bool_of(st.facts.simplify(go.negate(later)))
            with counted_by(st, counted or st.counted):
                loop = LoopVariable(0, None, position=(Undef("loop.index"), first, last))
                iteration(st, plain, value, loop)
            return NONE

        st.branch(present, once, lambda: NONE)


def _counted_entries(
    st: State, node: nodes.For, present: list[go.Test]
) -> tuple[go.Var, Value | None] | None:
    """Where iterations are counted if a loop asks for more than whether it is the first or last."""
    asked = attributes_of_loop(node)
    if not asked - {"", "first", "last"}:
        return None
    total: Value | None = None
    if asked & {"last", "length", "revindex", "revindex0"}:
        size = st.declare("size", go.Lit(""))
        for test in present:
            st.emit(go.If(test, (go.Set(size, go.call("printf", go.Lit("%s."), size)),)))
        total = go_int(go.call("len", size))
    return st.declare("n", go.Lit("")), total
