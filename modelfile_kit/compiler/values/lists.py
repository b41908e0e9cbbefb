"""Lists whose length only shows at run time: pieces of a text, selections, lists that a loop builds."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ..ir.nodes import Expr
from .choice import Cond, leaves
from .known import NONE, Const, KnownList, Undef
from .request import RuntimeValue
from .text import Choice, Part, Str, as_str, is_text, parts_of, text_of
from .value import Value

# A byte that no text of a request has: JSON is decoded as UTF-8.
MARK = "\udcff"


@dataclass(frozen=True)
class SplitText(Value):
    """`text.split(sep)`: kept as it is until an element or a loop is asked for."""

    DESCRIPTION: ClassVar[str] = "a split text"

    text: Str
    sep: str
    limit: int = -1
    skip: int = 0

    def exprs(self) -> Iterator[Expr]:
        return self.text.exprs()


class StepKind(enum.Enum):
    """What a step of a selection does with an element."""

    SELECT = "select"
    REJECT = "reject"
    MAP = "map"


@dataclass(frozen=True)
class SelectionStep:
    """A step of a selection: the attribute that it looks at, and the test or filter that it uses."""

    kind: StepKind
    attribute: str | None
    name: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Selection(Value):
    """Elements of a list that pass some tests, or something of each; a generator until `list`ed."""

    DESCRIPTION: ClassVar[str] = "a selection"

    over: Value
    steps: tuple[SelectionStep, ...]
    listed: bool = False

    def exprs(self) -> Iterator[Expr]:
        return self.over.exprs()


@dataclass(frozen=True)
class EncodedList(Value):
    """A list that a loop builds, kept in one text: each element is followed by `MARK`.

    What is undefined or None is kept too, as a mark; such a list (`plain` is False) can only be searched.
    A list of elements of Go data (`of`) is kept as spaces, as many as stand before the element there.
    """

    DESCRIPTION: ClassVar[str] = "a list that a loop builds"

    text: Str
    plain: bool = field(compare=False, default=True)
    of: RuntimeValue | None = None

    def exprs(self) -> Iterator[Expr]:
        return self.text.exprs()


def is_encodable(v: Value) -> bool:
    """Whether it is a list that one text can hold."""
    return isinstance(v, EncodedList) or (
        isinstance(v, KnownList) and all(_can_be_kept(leaf) for x in v.items for leaf in leaves(x))
    )


def _can_be_kept(v: Value) -> bool:
    return is_text(v) or v == NONE or isinstance(v, Undef)


def marked(v: Value) -> Const | Str:
    """An element of an encoded list as text: undefined and None as marks."""
    if isinstance(v, Cond):
        return Str((Choice(v.test, as_str(marked(v.then)), as_str(marked(v.orelse))),))
    if isinstance(v, Undef):
        return Const("\1undefined")
    if v == NONE:
        return Const("\1none")
    assert isinstance(v, (Const, Str))
    return v


def encoded(v: Value, of: RuntimeValue | None = None) -> EncodedList:
    """A list of texts in one text; an empty one can be of Go data too."""
    if isinstance(v, EncodedList):
        return v
    if of is not None:
        return EncodedList(Str(()), True, of)
    assert isinstance(v, KnownList)
    parts: list[Part] = []
    for x in v.items:
        parts += [*parts_of(marked(x)), MARK]
    return EncodedList(as_str(text_of(*parts)), all(is_text(leaf) for x in v.items for leaf in leaves(x)))
