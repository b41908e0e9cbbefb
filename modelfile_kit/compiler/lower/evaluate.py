"""Expressions: everything known at compile time is worked out, the rest becomes Go expressions.

One method per kind of node; filters, tests, methods and attributes are rules of their own in `lower`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from ..values import types
from ..values.types import Cond, Const, DictV, Int, ListV, Obj, Str, Undef, Value
from .control_flow import Raised, Unsupported
from .symbolic_state import Machine

Rule = Callable[..., Value]


class Evaluator(Machine):
    """Evaluates expressions in the current scope."""

    def __init__(self) -> None:
        super().__init__()
        # what a loop's number ranges over: lets `i - 1` be said with that list's slices
        self.loop_over: dict[int, Expr] = {}
        self.pictures = False
        # the macros being called, outermost first
        self.calling: list[str] = []
        self.loop_items: dict[int, str] = {}
        self._read: dict[tuple[int, int], frozenset[str]] = {}
        # what `_read` knows by its address must not go away
        self._kept: list[object] = []
        # macros that call themselves, and the templates they became
        self.recursive: frozenset[str] = frozenset()
        self.instances: dict[object, str] = {}
        self.templates: dict[str, go.Nodes] = {}
        # those that were called and are yet to be written, and the work done before the one in progress
        self.undefined: list[Callable[[], None]] = []
        self.begun = 0
        # the names read after the statement in progress
        self.after: frozenset[str] = frozenset()
        # names that macros read wherever they are called from
        self.macro_names: frozenset[str] = frozenset()
        self.selection: tuple[types.Step, ...] = ()
        # the variable that says whether the filtered loop in progress had a turn
        self.entered: go.Var | None = None
        # where the turns of the filtered loop in progress are counted, and how many there will be
        self.counted: tuple[go.Var, Value | None] | None = None

    @abstractmethod
    def call_macro(self, macro: types.MacroV, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """The text of a macro's call."""

    # --- dispatch ---------------------------------------------------------------------------------

    def eval(self, node: nodes.Node) -> Value:
        """The value of an expression."""
        self.step()
        method = getattr(self, f"eval_{type(node).__name__}", None)
        if method is None:
            raise Unsupported(f"the expression {type(node).__name__}", node.lineno)
        value = self.bounded(self.settle(method(node)))
        self.watch.sees(node, value)
        return value

    def settle(self, v: Value) -> Value:
        """The value with everything answered that is known on this path."""
        if isinstance(v, Cond):
            test = self.facts.simplify(v.test)
            if isinstance(test, go.Truth):
                return self.settle(v.then if test.value else v.orelse)
        elif isinstance(v, types.Bool):
            return types.boolean(self.facts.simplify(v.test))
        elif isinstance(v, Obj) and v.kind == "any":
            kind = self.facts.equal.get(go.call("printf", go.Lit("%T"), v.expr))
            if kind == "string":
                return types.string(v.expr, self.facts.ask(v.expr) is True)
            if kind == "bool":
                return types.boolean(self.facts.simplify(go.Atom(v.expr)))
            if kind == "<nil>":
                return types.NONE
        return v

    def lift(self, v: Value, rule: Callable[[Value], Value]) -> Value:
        """Applies a rule to every value a choice can end in."""
        v = self.settle(v)
        if isinstance(v, Cond):
            cond = v
            return self.branch(
                cond.test, lambda: self.lift(cond.then, rule), lambda: self.lift(cond.orelse, rule)
            )
        return rule(v)

    def lift2(self, a: Value, b: Value, rule: Callable[[Value, Value], Value]) -> Value:
        """The same for two values."""
        return self.lift(a, lambda x: self.lift(b, lambda y: rule(x, y)))

    # --- names and literals -----------------------------------------------------------------------

    def eval_Const(self, node: nodes.Const) -> Value:  # noqa: N802
        return Const(node.value)

    def eval_TemplateData(self, node: nodes.TemplateData) -> Value:  # noqa: N802
        return Const(node.data)

    def eval_Name(self, node: nodes.Name) -> Value:  # noqa: N802
        value = self.lookup(self.scope, node.name)
        if isinstance(value, types.Hidden):
            raise Unsupported(f"{node.name} inside a recursive macro", node.lineno)
        return value

    def eval_List(self, node: nodes.List) -> Value:  # noqa: N802
        return ListV(tuple(self.eval(n) for n in node.items))

    def eval_Tuple(self, node: nodes.Tuple) -> Value:  # noqa: N802
        return ListV(tuple(self.eval(n) for n in node.items))

    def eval_Dict(self, node: nodes.Dict) -> Value:  # noqa: N802
        entries: dict[str | int | float | bool | None, Value] = {}
        for pair in node.items:
            key = self.eval(pair.key)
            if not isinstance(key, Const):
                raise Unsupported("a dictionary whose keys are not known", node.lineno)
            entries[key.value] = self.eval(pair.value)
        return DictV(tuple(types.Entry(k, v) for k, v in entries.items()))

    # --- logic ------------------------------------------------------------------------------------

    def truth(self, v: Value) -> Test:
        """Python's truth of a value."""
        from .truth import truth_of

        return self.facts.simplify(truth_of(self, self.settle(v)))

    def test(self, node: nodes.Node) -> Test:
        """The truth of an expression."""
        if isinstance(node, nodes.Not):
            return go.negate(self.test(node.node))
        if isinstance(node, (nodes.And, nodes.Or)):
            return self._test_pair(node)
        return self.truth(self.eval(node))

    def _test_pair(self, node: nodes.And | nodes.Or) -> Test:
        left = self.test(node.left)
        conjunction = isinstance(node, nodes.And)
        if isinstance(left, go.Truth) and left.value is not conjunction:
            return left
        rest = lambda: types.boolean(self.test(node.right))  # noqa: E731
        done = Const(not conjunction)
        value = (
            self.branch(left, rest, lambda: done) if conjunction else self.branch(left, lambda: done, rest)
        )
        return self.truth(value)

    def eval_Not(self, node: nodes.Not) -> Value:  # noqa: N802
        return types.boolean(go.negate(self.test(node.node)))

    def eval_And(self, node: nodes.And) -> Value:  # noqa: N802
        left = self.eval(node.left)
        return self.branch(self.truth(left), lambda: self.eval(node.right), lambda: self.settle(left))

    def eval_Or(self, node: nodes.Or) -> Value:  # noqa: N802
        left = self.eval(node.left)
        return self.branch(self.truth(left), lambda: self.settle(left), lambda: self.eval(node.right))

    def eval_CondExpr(self, node: nodes.CondExpr) -> Value:  # noqa: N802
        other = node.expr2
        return self.branch(
            self.test(node.test),
            lambda: self.eval(node.expr1),
            lambda: self.eval(other) if other is not None else Undef("the inline if's missing else"),
        )

    def eval_Compare(self, node: nodes.Compare) -> Value:  # noqa: N802
        from .compare import compare

        left = self.eval(node.expr)
        result: Value = types.TRUE
        for i, op in enumerate(node.ops):
            right = self.eval(op.expr)
            step = self.lift2(left, right, lambda a, b, op=op: compare(self, op.op, a, b))  # type: ignore[misc]
            result = step if i == 0 else types.boolean(go.both(self.truth(result), self.truth(step)))
            left = right
        return result

    # --- arithmetic and text ------------------------------------------------------------------------

    def _binary(self, node: nodes.BinExpr, name: str) -> Value:
        from .arithmetic import binary

        left, right = self.eval(node.left), self.eval(node.right)
        if name == "+" and _textlike(left) and _textlike(right):
            return self.concat(left, right)
        return self.lift2(left, right, lambda a, b: binary(self, name, a, b))

    def eval_Add(self, node: nodes.Add) -> Value:  # noqa: N802
        return self._binary(node, "+")

    def eval_Sub(self, node: nodes.Sub) -> Value:  # noqa: N802
        return self._binary(node, "-")

    def eval_Mul(self, node: nodes.Mul) -> Value:  # noqa: N802
        return self._binary(node, "*")

    def eval_Mod(self, node: nodes.Mod) -> Value:  # noqa: N802
        return self._binary(node, "%")

    def eval_FloorDiv(self, node: nodes.FloorDiv) -> Value:  # noqa: N802
        return self._binary(node, "//")

    def eval_Div(self, node: nodes.Div) -> Value:  # noqa: N802
        return self._binary(node, "/")

    def eval_Neg(self, node: nodes.Neg) -> Value:  # noqa: N802
        from .arithmetic import binary

        return self.lift(self.eval(node.node), lambda v: binary(self, "-", Const(0), v))

    def eval_Pos(self, node: nodes.Pos) -> Value:  # noqa: N802
        return self.eval(node.node)

    def eval_Concat(self, node: nodes.Concat) -> Value:  # noqa: N802
        from .text import to_text

        result: Value = types.EMPTY
        for part in node.nodes:
            # without autoescape `~` takes str() of everything, marked texts too
            result = self.concat(result, to_text(self, self.eval(part)))
        return result

    def concat(self, a: Value, b: Value) -> Const | Str:
        """Two texts (or choices between texts) put together."""
        return types.text(*self.parts(a), *self.parts(b))

    def parts(self, v: Value) -> tuple[types.Part, ...]:
        """The parts of a text, a choice between texts being one part."""
        v = self.settle(v)
        if isinstance(v, Cond):
            then, orelse = types.Str(self.parts(v.then)), types.Str(self.parts(v.orelse))
            return (types.Choice(v.test, then, orelse),)
        if isinstance(v, (Const, Str)):
            return types.parts_of(v)
        raise Unsupported("this value as text", self.line)

    # --- access -------------------------------------------------------------------------------------

    def eval_Getattr(self, node: nodes.Getattr) -> Value:  # noqa: N802
        from .attributes import attribute

        name = node.attr
        self.line = node.lineno
        return self.lift(self.eval(node.node), lambda v: attribute(self, v, name))

    def eval_Getitem(self, node: nodes.Getitem) -> Value:  # noqa: N802
        from .attributes import item

        self.line = node.lineno
        base = self.eval(node.node)
        if isinstance(node.arg, nodes.Slice):
            bounds = [
                self.eval(n) if n else types.NONE for n in (node.arg.start, node.arg.stop, node.arg.step)
            ]
            return self._sliced(base, bounds)
        key = self.eval(node.arg)
        return self.lift2(base, key, lambda v, k: item(self, v, k))

    def _sliced(self, base: Value, bounds: list[Value]) -> Value:
        from .slices import slice_of

        for n, b in enumerate(bounds):
            if isinstance(b, Cond):
                return self.lift(b, lambda x, n=n: self._sliced(base, [*bounds[:n], x, *bounds[n + 1 :]]))  # type: ignore[misc]
        return self.lift(base, lambda v: slice_of(self, v, *bounds))

    # --- calls ----------------------------------------------------------------------------------------

    def arguments(self, node: Any) -> tuple[list[Value], dict[str, Value]]:
        """The arguments of a call, filter or test."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Unsupported("* and ** arguments", node.lineno)
        return [self.eval(a) for a in node.args], {k.key: self.eval(k.value) for k in node.kwargs}

    def eval_Call(self, node: nodes.Call) -> Value:  # noqa: N802
        from .calls import invoke

        callee = self.eval(node.node)
        args, kwargs = self.arguments(node)
        self.line = node.lineno
        target = node.node.node if isinstance(node.node, nodes.Getattr) else None
        return self.lift(callee, lambda f: invoke(self, f, args, kwargs, target))

    def eval_Filter(self, node: nodes.Filter) -> Value:  # noqa: N802
        from .filters import FILTERS, WHOLE

        value = self.eval(node.node) if node.node is not None else Undef()
        if node.name == "_step":
            return value
        args, kwargs = self.arguments(node)
        self.line = node.lineno
        rule = FILTERS.get(node.name)
        if rule is None:
            if node.name in self.known_filters():
                raise Unsupported(f"the filter {node.name}", node.lineno)
            raise Raised(f"No filter named {node.name!r}.")
        known: Rule = rule
        if node.name in WHOLE:
            return known(self, value, *args, **kwargs)
        return self.lift(value, lambda v: known(self, v, *args, **kwargs))

    def eval_Test(self, node: nodes.Test) -> Value:  # noqa: N802
        from .jinja_tests import TESTS

        value = self.eval(node.node)
        args, kwargs = self.arguments(node)
        self.line = node.lineno
        rule = TESTS.get(node.name)
        if rule is None:
            raise Unsupported(f"the test {node.name}", node.lineno)
        ask = rule
        return self.lift(value, lambda v: types.boolean(self.facts.simplify(ask(self, v, *args, **kwargs))))

    def known_filters(self) -> set[str]:
        """The names of the filters that the reference environment has."""
        from ...huggingface import environment

        return set(environment().filters)

    # --- to Go ------------------------------------------------------------------------------------------

    def to_go(self, v: Value) -> Expr:
        """A Go expression for a value; a text of several parts may need statements before it."""
        from .arithmetic import int_to_go
        from .text import text_to_go

        v = self.settle(v)
        if isinstance(v, Cond):
            return self.in_variable("value", v)
        if isinstance(v, Const):
            if isinstance(v.value, (str, int)) and not isinstance(v.value, float):
                return go.Lit(v.value)
            raise Unsupported(f"the value {v.value!r} in a variable", self.line)
        if isinstance(v, Str):
            return text_to_go(self, v)
        if isinstance(v, Int):
            return int_to_go(self, v)
        if isinstance(v, types.Bool):
            return go.test_to_go(v.test)
        if isinstance(v, Obj):
            return v.expr
        raise Unsupported(f"a value of kind {type(v).__name__} in a variable", self.line)

    def in_variable(self, hint: str, v: Value) -> Expr:
        """The Go variable that holds a choice between values of one kind."""
        rep = self.new_rep(hint, (v,))
        if rep.tag or rep.by_emptiness or rep.payload is None:
            raise Unsupported("a value of several kinds in one expression", self.line)
        self.declare_rep(rep, None)
        self.store(rep, v)
        return rep.payload

    def least(self, v: Value) -> int:
        """The least number a whole number can be; expressions count from 0 unless known otherwise."""
        if isinstance(v, Const):
            return int(v.value) if isinstance(v.value, int) else 0
        if isinstance(v, Int):
            low = v.const
            for e, n in v.terms:
                if n < 0:
                    return -(10**9) if len(v.terms) == 1 else min(low, 0)
                low += n * (self.bounds.get(e.id, 0) if isinstance(e, go.Var) else 0)
            return low
        return 0


def _textlike(v: Value) -> bool:
    return all(types.is_text(leaf) for leaf in types.leaves(v))
