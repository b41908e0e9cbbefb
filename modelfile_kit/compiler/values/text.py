"""Texts put together from known and unknown parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Union

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from ..ir.operations import ImageTags, TextAfterTags
from .known import EMPTY, Const
from .value import Rewrite, Value, exprs_of_test


@dataclass(frozen=True)
class Choice:
    """One of two texts inside a longer one."""

    test: Test
    then: Str
    orelse: Str


@dataclass(frozen=True)
class Block:
    """Text that statements print (a loop, a defined template); they change nothing outside."""

    nodes: go.Nodes


Part = Union[str, Expr, Choice, Block]  # noqa: UP007 - built at run time on 3.10 too


@dataclass(frozen=True)
class Str(Value):
    """A text of parts; `nonempty` where it is known to have a character."""

    DESCRIPTION: ClassVar[str] = "a text"

    parts: tuple[Part, ...]
    nonempty: bool = field(compare=False, default=False)

    def __hash__(self) -> int:
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = hash(self.parts)
        return known

    def exprs(self) -> Iterator[Expr]:
        for p in self.parts:
            yield from _exprs_of_part(p)

    def rewritten(self, to: Rewrite) -> Str:
        return Str(tuple(_rewritten_part(p, to) for p in self.parts), self.nonempty)


@dataclass(frozen=True)
class Markup(Value):
    """A text marked safe: put together with another one, it makes that one escaped."""

    DESCRIPTION: ClassVar[str] = "a text marked safe"

    text: Value

    def exprs(self) -> Iterator[Expr]:
        return self.text.exprs()


class FixedTextError(Exception):
    """Statements inside a text cannot be given other expressions."""


def _exprs_of_part(p: Part) -> Iterator[Expr]:
    if isinstance(p, str):
        return
    if isinstance(p, Choice):
        yield from exprs_of_test(p.test)
        yield from p.then.exprs()
        yield from p.orelse.exprs()
    elif isinstance(p, Block):
        yield from go.all_exprs(p.nodes)
    else:
        yield from go.walk(p)


def _rewritten_part(p: Part, to: Rewrite) -> Part:
    if isinstance(p, str):
        return p
    if isinstance(p, Choice):
        return Choice(to.test(p.test), p.then.rewritten(to), p.orelse.rewritten(to))
    if isinstance(p, (Block, ImageTags, TextAfterTags)):
        raise FixedTextError
    return to.expr(p)


def text_of(*parts: Part, nonempty: bool = False) -> Const | Str:
    """A text from parts: constants are joined, empty ones dropped, tags met again by their text."""
    out: list[Part] = []
    for p in parts:
        if p == "":
            continue
        last = out[-1] if out else None
        if isinstance(p, str) and isinstance(last, str):
            out[-1] = last + p
        elif isinstance(p, TextAfterTags) and last == ImageTags(p.operand):
            out[-1] = go.Field(p.operand, "Content")
        else:
            out.append(p)
    if not out:
        return EMPTY
    if len(out) == 1 and isinstance(out[0], str):
        return Const(out[0])
    return Str(tuple(out), nonempty or any(isinstance(p, (str, ImageTags)) for p in out))


def go_text(expr: Expr, nonempty: bool = False) -> Str:
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


def is_text(v: Value) -> bool:
    """Whether it is a text for sure."""
    return isinstance(v, Str) or (isinstance(v, Const) and isinstance(v.value, str))
