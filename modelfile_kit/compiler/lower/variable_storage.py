"""How a name that changes at run time is kept in Go variables.

A payload variable holds a text, number, truth or Go data; where a name can be of several kinds, a
tag beside it says which. What `break`, loops and joins need is that any value can be stored and read back.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Expr, Node, Test, Var
from ..values.choice import Cond, choose, leaves
from ..values.known import NONE, Const, KnownList, Undef
from ..values.lists import EncodedList, encoded, is_encodable
from ..values.number import Int, Numbers, go_int, is_int
from ..values.request import Data, Pairs, RuntimeValue
from ..values.text import Str, go_text, is_text
from ..values.truth import Bool, is_bool
from ..values.value import Value

# Go data that is never empty.
_NEVER_EMPTY = (
    Data.MESSAGE,
    Data.CALLS,
    Data.CALL,
    Data.TOOLS,
    Data.TOOL,
    Data.CALL_FUNCTION,
    Data.TOOL_FUNCTION,
)
# The kinds of Go expressions.
EXPRESSIONS = (
    go.Lit,
    go.Var,
    go.Root,
    go.Item,
    go.Index,
    go.Dot,
    go.Field,
    go.Call,
    ops.Rewrite,
    ops.CharacterCount,
    ops.Remainder,
)


class Kind(enum.Enum):
    """What a variable can hold; FIXED only exists at compile time."""

    TEXT = "text"
    INT = "int"
    BOOL = "bool"
    DATA = "data"
    LIST = "list"
    NONE = "none"
    UNDEFINED = "undefined"
    FIXED = "fixed"


_PAID = (Kind.TEXT, Kind.INT, Kind.BOOL, Kind.DATA, Kind.LIST)


@dataclass(frozen=True)
class Shape:
    """The kind of a value, and what else belongs to it.

    like: for DATA the value without its expression, for LIST what it is a list of, for FIXED the value.
    """

    kind: Kind
    like: Value | None = None

    @property
    def never_empty(self) -> bool:
        """Whether Go data of this shape is always true."""
        return isinstance(self.like, RuntimeValue) and self.like.data in _NEVER_EMPTY


@dataclass(frozen=True)
class Rep:
    """How a name that changes at run time is kept: shapes it can take, a payload and a tag variable."""

    shapes: tuple[Shape, ...]
    payload: Var | None
    tag: Var | None
    by_emptiness: bool = False
    least: int = 0
    nonempty: bool = False
    plain: bool = True


class VariableStorage(ABC):
    """Stores values in Go variables; knows nothing of paths or Jinja."""

    def __init__(self) -> None:
        self.declared: set[int] = set()
        # those that began as an empty text: texts that grow, some of them to count with
        self.grown: set[int] = set()
        # the least value of whole-number variables
        self.bounds: dict[int, int] = {}

    # --- names kept in Go variables ---------------------------------------------------------------

    def new_rep(self, hint: str, values: Iterable[Value]) -> Rep:
        """Variables that can hold any of the values."""
        found = [leaf for v in values for leaf in leaves(v)]
        lists = {v for v in found if isinstance(v, (KnownList, EncodedList))}
        of = next((v.of for v in lists if isinstance(v, EncodedList)), None)
        if len(lists) > 1 and all(fits_encoding(v, of) for v in lists):
            found = [encoded(v, of) if v in lists else v for v in found]
        shapes = tuple(dict.fromkeys(shape_of(v) for v in found))
        paid = [s for s in shapes if s.kind in _PAID]
        payload = Var(self.fresh(), hint) if paid else None
        texts = [v for v in found if is_text(v)]
        filled = all(map(is_filled, texts))
        by_emptiness = (
            len(shapes) == 2
            and len(paid) == 1
            and (
                (paid[0].kind is Kind.TEXT and filled) or (paid[0].kind is Kind.DATA and paid[0].never_empty)
            )
        )
        tag = Var(self.fresh(), f"{hint}_is") if len(shapes) > 1 and not by_emptiness else None
        least = min((self.least(v) for v in found if is_int(v)), default=0)
        plain = all(v.plain for v in found if isinstance(v, EncodedList))
        return Rep(shapes, payload, tag, by_emptiness, least, filled, plain)

    def declare_rep(self, rep: Rep, first: Value | None) -> None:
        """Declares the variables of a name, holding `first` if that is simple."""
        first = fit(rep, first) if first is not None else None
        payload, tag = self._encode(rep, first) if first is not None else (None, None)
        if rep.payload:
            self.emit(go.Declare(rep.payload, payload if payload is not None else _zero(rep)))
            self.declared.add(rep.payload.id)
        if rep.tag:
            self.emit(go.Declare(rep.tag, tag if tag is not None else self._tag(rep, rep.shapes[-1])))
            self.declared.add(rep.tag.id)

    def store(self, rep: Rep, value: Value) -> None:
        """Assigns a value to the variables of a name, path by path for a choice."""
        value = fit(rep, value)
        if value == self.value_of(rep):
            return
        if isinstance(value, Cond):
            cond = value

            def half(v: Value) -> Callable[[], Value]:
                def go_on() -> Value:
                    self.store(rep, v)
                    return NONE

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
        if shape.kind in _PAID:
            payload = self.to_go(leaf.text if isinstance(leaf, EncodedList) else leaf)
        elif rep.by_emptiness:
            payload = go.Lit("")
        return payload, self._tag(rep, shape) if rep.tag else None

    def _tag(self, rep: Rep, shape: Shape) -> Expr:
        if len(rep.shapes) == 2:
            return go.Lit(shape == rep.shapes[0])
        return go.Lit(str(rep.shapes.index(shape)))

    def value_of(self, rep: Rep) -> Value:
        """The value that the variables of a name hold, as a choice between its shapes."""
        values = [self._decode(rep, s) for s in rep.shapes]
        if len(values) == 1:
            return values[0]
        if rep.by_emptiness and rep.payload:
            paid = next(
                v for v, s in zip(values, rep.shapes, strict=True) if s.kind in (Kind.TEXT, Kind.DATA)
            )
            other = next(
                v for v, s in zip(values, rep.shapes, strict=True) if s.kind not in (Kind.TEXT, Kind.DATA)
            )
            return choose(go.Atom(rep.payload), paid, other)
        assert rep.tag
        if len(values) == 2:
            return choose(go.Atom(rep.tag), values[0], values[1])
        result = values[-1]
        for v, s in reversed(list(zip(values[:-1], rep.shapes[:-1], strict=True))):
            result = choose(go.equal(rep.tag, self._tag(rep, s)), v, result)
        return result

    def _decode(self, rep: Rep, shape: Shape) -> Value:
        if shape.kind is Kind.FIXED:
            assert shape.like is not None
            return shape.like
        if shape.kind is Kind.NONE:
            return NONE
        if shape.kind is Kind.UNDEFINED:
            return Undef()
        assert rep.payload
        if shape.kind is Kind.LIST:
            assert shape.like is None or isinstance(shape.like, RuntimeValue)
            return EncodedList(go_text(rep.payload), rep.plain, shape.like)
        if shape.kind is Kind.TEXT:
            return go_text(rep.payload, rep.by_emptiness or rep.nonempty)
        if shape.kind is Kind.INT:
            self.bounds[rep.payload.id] = rep.least
            return go_int(rep.payload)
        if shape.kind is Kind.BOOL:
            return Bool(go.Atom(rep.payload))
        assert shape.like is not None
        return with_expr(shape.like, rep.payload)

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


def shape_of(v: Value) -> Shape:
    """What kind of variable a value that is no choice needs."""
    if is_text(v):
        return Shape(Kind.TEXT)
    if is_bool(v):
        return Shape(Kind.BOOL)
    if is_int(v):
        return Shape(Kind.INT)
    if isinstance(v, EncodedList):
        return Shape(Kind.LIST, v.of)
    if isinstance(v, (RuntimeValue, Pairs)) or (isinstance(v, Numbers) and not v.start.terms):
        return Shape(Kind.DATA, with_expr(v, go.Dot()))
    if v == NONE:
        return Shape(Kind.NONE)
    if isinstance(v, Undef):
        return Shape(Kind.UNDEFINED)
    return Shape(Kind.FIXED, v)


def with_expr(v: Value, expr: Expr) -> Value:
    """Go data of the same kind in another expression."""
    if isinstance(v, Numbers):
        return replace(v, size=expr)
    assert isinstance(v, (RuntimeValue, Pairs))
    return replace(v, expr=expr)


def fit(rep: Rep | None, v: Value) -> Value:
    """The value in the form its variables hold: a known list of texts where an encoded one is kept."""
    shape = next((s for s in rep.shapes if s.kind is Kind.LIST), None) if rep else None
    if rep is None or shape is None:
        return v
    if isinstance(v, Cond):
        return choose(v.test, fit(rep, v.then), fit(rep, v.orelse))
    of = shape.like if isinstance(shape.like, RuntimeValue) else None
    return encoded(v, of) if isinstance(v, KnownList) and fits_encoding(v, of) else v


def fits_encoding(v: Value, of: RuntimeValue | None) -> bool:
    """Whether a list can be kept in one text together with others of that kind."""
    if isinstance(v, EncodedList):
        return v.of == of
    return is_encodable(v) and (of is None or v == KnownList(()))


def is_filled(v: Value) -> bool:
    """Whether a text is known to have a character."""
    return v.nonempty if isinstance(v, Str) else isinstance(v, Const) and bool(v.value)


def is_unstorable(v: Value) -> bool:
    """Whether a value can end in something that only exists at compile time."""
    return any(shape_of(leaf).kind is Kind.FIXED for leaf in leaves(v))


def is_simple(v: Value) -> bool:
    """Whether a value is one expression that needs no statements before it."""
    if isinstance(v, Str):
        return len(v.parts) == 1 and isinstance(v.parts[0], EXPRESSIONS)
    return isinstance(v, (Const, RuntimeValue, Pairs, Numbers, Undef, Bool)) or (
        isinstance(v, Int) and len(v.terms) == 1 and v.const == 0 and v.terms[0][1] == 1
    )


def _zero(rep: Rep) -> Expr:
    kinds = {s.kind for s in rep.shapes}
    if Kind.INT in kinds:
        return go.Lit(0)
    return go.Lit(False) if Kind.BOOL in kinds else go.Lit("")
