"""How a name that changes at run time is kept in Go variables.

A payload variable holds a text, number, truth or Go data; where a name can be of several kinds, a
tag beside it says which. What `break`, loops and joins need is that any value can be stored and read back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Node, Test, Var
from ..values import types
from ..values.types import Value

# Shapes that need a payload, and Go data that is never empty.
_PAID = ("str", "int", "bool", "obj", "built")
_NEVER_EMPTY = ("msg", "calls", "call", "tools", "tool", "fn", "toolfn")
# The kinds of Go expressions.
_OPERATIONS = (ops.Rewrite, ops.CharacterCount, ops.Remainder)
EXPRESSIONS = (go.Lit, go.Var, go.Root, go.Item, go.Index, go.Dot, go.Field, go.Call, *_OPERATIONS)


@dataclass(frozen=True)
class Rep:
    """How a name that changes at run time is kept: shapes it can take, a payload and a tag variable."""

    shapes: tuple[tuple[object, ...], ...]
    payload: Var | None
    tag: Var | None
    by_emptiness: bool = False
    least: int = 0
    nonempty: bool = False
    plain: bool = True


class Keeper(ABC):
    """Stores values in Go variables; knows nothing of paths or Jinja."""

    def __init__(self) -> None:
        self.declared: set[int] = set()
        # the least value of whole-number variables
        self.bounds: dict[int, int] = {}

    # --- names kept in Go variables ---------------------------------------------------------------

    def new_rep(self, hint: str, values: Iterable[Value]) -> Rep:
        """Variables that can hold any of the values."""
        found = [leaf for v in values for leaf in types.leaves(v)]
        lists = {v for v in found if isinstance(v, (types.ListV, types.Built))}
        of = next((v.of for v in lists if isinstance(v, types.Built)), None)
        if len(lists) > 1 and all(fits_built(v, of) for v in lists):
            found = [types.built(v, of) if v in lists else v for v in found]
        shapes = tuple(dict.fromkeys(shape_of(v) for v in found))
        paid = [s for s in shapes if s[0] in _PAID]
        payload = Var(self.fresh(), hint) if paid else None
        texts = [v for v in found if types.is_text(v)]
        filled = all(v.nonempty if isinstance(v, types.Str) else bool(v.value) for v in texts)  # type: ignore[union-attr]
        by_emptiness = (
            len(shapes) == 2
            and len(paid) == 1
            and ((paid[0][0] == "str" and filled) or (paid[0][0] == "obj" and paid[0][1] in _NEVER_EMPTY))
        )
        tag = Var(self.fresh(), f"{hint}_is") if len(shapes) > 1 and not by_emptiness else None
        least = min((self.least(v) for v in found if types.is_int(v)), default=0)
        plain = all(v.plain for v in found if isinstance(v, types.Built))
        return Rep(shapes, payload, tag, by_emptiness, least, filled, plain)

    def declare_rep(self, rep: Rep, first: Value | None) -> None:
        """Declares the variables of a name, holding `first` if that is simple."""
        first = fit(rep, first) if first is not None else None
        payload, tag = self._encode(rep, first) if first is not None else (None, None)
        if rep.payload:
            self.emit(go.Declare(rep.payload, payload if payload is not None else _blank(rep)))
            self.declared.add(rep.payload.id)
        if rep.tag:
            self.emit(go.Declare(rep.tag, tag if tag is not None else self._tag(rep, rep.shapes[-1])))
            self.declared.add(rep.tag.id)

    def store(self, rep: Rep, value: Value) -> None:
        """Assigns a value to the variables of a name, path by path for a choice."""
        value = fit(rep, value)
        if value == self.value_of(rep):
            return
        if isinstance(value, types.Cond):
            cond = value

            def half(v: Value) -> Callable[[], Value]:
                def go_on() -> Value:
                    self.store(rep, v)
                    return types.NONE

                return go_on

            self.branch(cond.test, half(cond.then), half(cond.orelse))
            return
        payload, tag = self._encode(rep, value)
        if rep.payload and payload is not None:
            self.assign(rep.payload, payload)
        if rep.tag and tag is not None:
            self.assign(rep.tag, tag)

    def _encode(self, rep: Rep, leaf: Value) -> tuple[Expr | None, Expr | None]:
        shape = shape_of(leaf)
        payload: Expr | None = None
        if shape[0] in _PAID:
            payload = self.to_go(leaf.text if isinstance(leaf, types.Built) else leaf)
        elif rep.by_emptiness:
            payload = go.Lit("")
        return payload, self._tag(rep, shape) if rep.tag else None

    def _tag(self, rep: Rep, shape: tuple[object, ...]) -> Expr:
        if len(rep.shapes) == 2:
            return go.Lit(shape == rep.shapes[0])
        return go.Lit(str(rep.shapes.index(shape)))

    def value_of(self, rep: Rep) -> Value:
        """The value that the variables of a name hold, as a choice between its shapes."""
        values = [self._decode(rep, s) for s in rep.shapes]
        if len(values) == 1:
            return values[0]
        if rep.by_emptiness and rep.payload:
            paid = next(v for v, s in zip(values, rep.shapes, strict=True) if s[0] in ("str", "obj"))
            other = next(v for v, s in zip(values, rep.shapes, strict=True) if s[0] not in ("str", "obj"))
            return types.choose(go.Atom(rep.payload), paid, other)
        assert rep.tag
        if len(values) == 2:
            return types.choose(go.Atom(rep.tag), values[0], values[1])
        result = values[-1]
        for v, s in reversed(list(zip(values[:-1], rep.shapes[:-1], strict=True))):
            result = types.choose(go.equal(rep.tag, self._tag(rep, s)), v, result)
        return result

    def _decode(self, rep: Rep, shape: tuple[object, ...]) -> Value:
        kind = shape[0]
        if kind == "static":
            return shape[1]  # type: ignore[return-value]
        if kind == "none":
            return types.NONE
        if kind == "undef":
            return types.Undef()
        assert rep.payload
        if kind == "built":
            return types.Built(types.string(rep.payload), rep.plain, shape[1])  # type: ignore[arg-type]
        if kind == "str":
            return types.string(rep.payload, rep.by_emptiness or rep.nonempty)
        if kind == "int":
            self.bounds[rep.payload.id] = rep.least
            return types.number(rep.payload)
        if kind == "bool":
            return types.Bool(go.Atom(rep.payload))
        return types.Obj(str(shape[1]), rep.payload, bool(shape[2]))

    # --- what stands on it provides ---------------------------------------------------------------

    @abstractmethod
    def fresh(self) -> int:
        """A number for a scope, namespace, loop or variable."""

    @abstractmethod
    def emit(self, *nodes: Node) -> None:
        """Writes statements."""

    @abstractmethod
    def assign(self, var: Var, expr: Expr) -> None:
        """Assigns a Go variable."""

    @abstractmethod
    def branch(self, test: Test, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
        """Runs what can happen by a test."""

    @abstractmethod
    def to_go(self, v: Value) -> Expr:
        """A Go expression for a value that is no choice."""

    @abstractmethod
    def least(self, v: Value) -> int:
        """The least number a whole number can be."""


def shape_of(v: Value) -> tuple[object, ...]:
    """What kind of variable a value that is no choice needs."""
    if types.is_text(v):
        return ("str",)
    if types.is_bool(v):
        return ("bool",)
    if types.is_int(v):
        return ("int",)
    if isinstance(v, types.Built):
        return ("built", v.of)
    if isinstance(v, types.Obj):
        return ("obj", v.kind, v.reverse)
    if v == types.NONE:
        return ("none",)
    if isinstance(v, types.Undef):
        return ("undef",)
    return ("static", v)


def fit(rep: Rep | None, v: Value) -> Value:
    """The value in the form its variables hold: a known list of texts where a built one is kept."""
    shape = next((s for s in rep.shapes if s[0] == "built"), None) if rep else None
    if rep is None or shape is None:
        return v
    if isinstance(v, types.Cond):
        return types.choose(v.test, fit(rep, v.then), fit(rep, v.orelse))
    of: types.Obj | None = shape[1]  # type: ignore[assignment]
    return types.built(v, of) if isinstance(v, types.ListV) and fits_built(v, of) else v


def fits_built(v: Value, of: types.Obj | None) -> bool:
    """Whether a list can be kept in one text together with others of that kind."""
    if isinstance(v, types.Built):
        return v.of == of
    return types.is_built(v) and (of is None or v == types.ListV(()))


def is_unstorable(v: Value) -> bool:
    """Whether a value can end in something that only exists at compile time."""
    return any(shape_of(leaf)[0] == "static" for leaf in types.leaves(v))


def is_simple(v: Value) -> bool:
    """Whether a value is one expression that needs no statements before it."""
    if isinstance(v, types.Str):
        return len(v.parts) == 1 and isinstance(v.parts[0], EXPRESSIONS)
    return isinstance(v, (types.Const, types.Obj, types.Undef, types.Bool)) or (
        isinstance(v, types.Int) and len(v.terms) == 1 and v.const == 0 and v.terms[0][1] == 1
    )


def _blank(rep: Rep) -> Expr:
    kinds = {s[0] for s in rep.shapes}
    if "int" in kinds:
        return go.Lit(0)
    return go.Lit(False) if "bool" in kinds else go.Lit("")
