"""Making and taking apart the values of expressions: texts in parts, sums, choices."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from ..ir.operations import PictureTags as PictureTags
from ..ir.operations import PictureText as PictureText
from .kinds import Block as Block
from .kinds import Bool as Bool
from .kinds import Built as Built
from .kinds import Choice as Choice
from .kinds import Cond as Cond
from .kinds import Const as Const
from .kinds import DictV as DictV
from .kinds import Entry as Entry
from .kinds import Func as Func
from .kinds import Hidden as Hidden
from .kinds import Int as Int
from .kinds import Items as Items
from .kinds import ListV as ListV
from .kinds import Loop as Loop
from .kinds import MacroV as MacroV
from .kinds import Markup as Markup
from .kinds import Namespace as Namespace
from .kinds import Obj as Obj
from .kinds import Part as Part
from .kinds import Parts as Parts
from .kinds import Query as Query
from .kinds import Span as Span
from .kinds import Split as Split
from .kinds import Step as Step
from .kinds import Str as Str
from .kinds import Undef as Undef
from .kinds import Value as Value

TRUE, FALSE, NONE, EMPTY = Const(True), Const(False), Const(None), Const("")


def text(*parts: Part, nonempty: bool = False) -> Const | Str:
    """A text from parts: constants are joined, empty ones dropped, tags met again by their text."""
    out: list[Part] = []
    for p in parts:
        if p == "":
            continue
        last = out[-1] if out else None
        if isinstance(p, str) and isinstance(last, str):
            out[-1] = last + p
        elif isinstance(p, PictureText) and last == PictureTags(p.operand):
            out[-1] = go.Field(p.operand, "Content")
        else:
            out.append(p)
    if not out:
        return EMPTY
    if len(out) == 1 and isinstance(out[0], str):
        return Const(out[0])
    return Str(tuple(out), nonempty or any(isinstance(p, (str, PictureTags)) for p in out))


def string(expr: Expr, nonempty: bool = False) -> Str:
    """The text of a Go expression."""
    return Str((expr,), nonempty)


def parts_of(v: Const | Str) -> tuple[Part, ...]:
    """The parts of a known or unknown text."""
    if isinstance(v, Str):
        return v.parts
    return (str(v.value),) if v.value != "" else ()


def as_str(v: Const | Str) -> Str:
    """A text in the form with parts."""
    return v if isinstance(v, Str) else Str(parts_of(v))


def integer(terms: dict[Expr, int], const: int = 0) -> Const | Int:
    """A sum; a constant when no expression is left."""
    left = tuple((e, n) for e, n in terms.items() if n)
    return Int(left, const) if left else Const(const)


def number(expr: Expr) -> Int:
    """The whole number of a Go expression."""
    return Int(((expr, 1),))


def boolean(test: Test) -> Const | Bool:
    """True or False by a test."""
    return Const(test.value) if isinstance(test, go.Truth) else Bool(test)


def is_text(v: Value) -> bool:
    """Whether it is a text for sure."""
    return isinstance(v, Str) or (isinstance(v, Const) and isinstance(v.value, str))


def is_built(v: Value) -> bool:
    """Whether it is a list of texts."""
    return isinstance(v, Built) or (
        isinstance(v, ListV) and all(_kept(leaf) for x in v.items for leaf in leaves(x))
    )


def _kept(v: Value) -> bool:
    return is_text(v) or v == NONE or isinstance(v, Undef)


def marked(v: Value) -> Const | Str:
    """An element of a built list as text: undefined and None as marks."""
    if isinstance(v, Cond):
        return Str((Choice(v.test, as_str(marked(v.then)), as_str(marked(v.orelse))),))
    if isinstance(v, Undef):
        return Const("\1undefined")
    if v == NONE:
        return Const("\1none")
    assert isinstance(v, (Const, Str))
    return v


def built(v: Value, of: Obj | None = None) -> Built:
    """A list of texts in one text; an empty one can be of Go data too."""
    if isinstance(v, Built):
        return v
    if of is not None:
        return Built(Str(()), True, of)
    assert isinstance(v, ListV)
    parts: list[Part] = []
    for x in v.items:
        parts += [*parts_of(marked(x)), "\0"]
    return Built(as_str(text(*parts)), all(is_text(leaf) for x in v.items for leaf in leaves(x)))


def is_int(v: Value) -> bool:
    """Whether it is a whole number for sure (a boolean is not taken as one)."""
    return isinstance(v, Int) or (isinstance(v, Const) and type(v.value) is int)


def is_bool(v: Value) -> bool:
    """Whether it is True or False for sure."""
    return isinstance(v, Bool) or (isinstance(v, Const) and isinstance(v.value, bool))


def test_of(v: Value) -> Test | None:
    """The test of a boolean, None for what is no boolean."""
    if isinstance(v, Bool):
        return v.test
    return go.Truth(v.value) if isinstance(v, Const) and isinstance(v.value, bool) else None


def choose(test: Test, then: Value, orelse: Value) -> Value:
    """`then` if `test` else `orelse`, in the simplest form."""
    if test == go.TRUE or then == orelse:
        return then
    if test == go.FALSE:
        return orelse
    if isinstance(then, Cond) and then.test == test:
        then = then.then
    if isinstance(orelse, Cond) and orelse.test == test:
        orelse = orelse.orelse
    if isinstance(test, go.Not):
        test, then, orelse = test.test, orelse, then
    a, b = test_of(then), test_of(orelse)
    if a is not None and b is not None:
        return boolean(
            go.either(go.both(test, a), go.both(go.negate(test), b)) if b != go.FALSE else go.both(test, a)
        )
    if isinstance(orelse, Cond) and orelse.then == then:
        return choose(go.either(test, orelse.test), then, orelse.orelse)
    return Cond(test, then, orelse)


def leaves(v: Value) -> Iterator[Value]:
    """The values a choice can end in."""
    if isinstance(v, Cond):
        yield from leaves(v.then)
        yield from leaves(v.orelse)
    else:
        yield v


def value_exprs(v: Value) -> Iterator[Expr]:  # noqa: C901 - one line a kind
    """Every Go expression a value is made of, with its parts."""
    if isinstance(v, Str):
        for p in v.parts:
            yield from _part_exprs(p)
    elif isinstance(v, Int):
        for e, _ in v.terms:
            yield from go.walk(e)
    elif isinstance(v, Bool):
        for e in go.test_exprs(v.test):
            yield from go.walk(e)
    elif isinstance(v, Obj):
        yield from go.walk(v.expr)
    elif isinstance(v, Parts):
        yield from go.walk(v.message)
    elif isinstance(v, Cond):
        for e in go.test_exprs(v.test):
            yield from go.walk(e)
        yield from value_exprs(v.then)
        yield from value_exprs(v.orelse)
    elif isinstance(v, ListV):
        for item in v.items:
            yield from value_exprs(item)
    elif isinstance(v, (DictV, Items)):
        for entry in v.entries:
            for e in go.test_exprs(entry.present):
                yield from go.walk(e)
            yield from value_exprs(entry.value)
    elif isinstance(v, (Split, Built)):
        yield from value_exprs(v.text)
    elif isinstance(v, Span):
        yield from value_exprs(v.start)
        yield from go.walk(v.size)
    elif isinstance(v, Markup):
        yield from value_exprs(v.text)
    elif isinstance(v, Query):
        yield from value_exprs(v.over)
    elif isinstance(v, Func) and v.on is not None:
        yield from value_exprs(v.on)


def _part_exprs(p: Part) -> Iterator[Expr]:
    if isinstance(p, str):
        return
    if isinstance(p, Choice):
        for e in go.test_exprs(p.test):
            yield from go.walk(e)
        yield from value_exprs(p.then)
        yield from value_exprs(p.orelse)
    elif isinstance(p, Block):
        yield from go.all_exprs(p.nodes)
    elif isinstance(p, (PictureTags, PictureText)):
        yield from go.walk(p.operand)
    else:
        yield from go.walk(p)


def value_vars(v: Value) -> frozenset[int]:
    """The numbers of the Go variables a value depends on."""
    known = v.__dict__.get("_vars")
    if known is None:
        known = frozenset(e.id for e in value_exprs(v) if isinstance(e, go.Var))
        v.__dict__["_vars"] = known
    return known


def size(v: Value) -> int:
    """How much there is to print: the count of expressions and choices."""
    return sum(1 for _ in value_exprs(v)) + 1
