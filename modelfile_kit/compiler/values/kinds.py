"""The kinds of values that an expression of a chat template can have, given that Ollama makes the request.

A value is known (`Const`, lists and dictionaries of values), or one of a few kinds of Go data, or a
choice between values by a test (`Cond`). Nothing here is Go code except the expressions inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from ..ir import nodes as go
from ..ir.nodes import Expr, Test

if TYPE_CHECKING:
    from jinja2 import nodes


@dataclass(frozen=True)
class Const:
    """A string, number, boolean or None known now."""

    value: str | int | float | bool | None

    def __eq__(self, other: object) -> bool:
        # 1, 1.0 and True are different values here
        return (
            isinstance(other, Const) and type(self.value) is type(other.value) and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Undef:
    """Jinja's undefined."""

    name: str = field(compare=False, default="")


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


Part = Union[str, Expr, Choice, Block]  # noqa: UP007 - forward references


@dataclass(frozen=True)
class Str:
    """A text put together from known and unknown parts."""

    parts: tuple[Part, ...]
    nonempty: bool = field(compare=False, default=False)

    def __hash__(self) -> int:
        known = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = hash(self.parts)
        return known


@dataclass(frozen=True)
class Int:
    """A sum of whole numbers: coefficients of expressions, and a constant."""

    terms: tuple[tuple[Expr, int], ...]
    const: int = 0


@dataclass(frozen=True)
class Bool:
    """True or False, by a test."""

    test: Test


@dataclass(frozen=True)
class Obj:
    """Go data of a kind that `shapes` knows: msgs, msg, calls, call, args, tools, tool, props, any, …"""

    kind: str
    expr: Expr
    reverse: bool = False


@dataclass(frozen=True)
class Parts:
    """The content of a message with pictures: one part a picture, then one text part."""

    message: Expr


@dataclass(frozen=True)
class Cond:
    """`then` where the test holds, else `orelse`."""

    test: Test
    then: Value
    orelse: Value


@dataclass(frozen=True)
class ListV:
    """A list (or tuple) whose elements are known one by one."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Entry:
    """A key with its value, there where the test holds."""

    key: str | int | float | bool | None
    value: Value
    present: Test = go.TRUE


@dataclass(frozen=True)
class DictV:
    """A dictionary with known keys; an entry may be there or not."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Items:
    """`.items()` of a dictionary some of whose keys may be absent."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Split:
    """`text.split(sep)`: kept as it is until an element or a loop is asked for."""

    text: Str
    sep: str
    limit: int = -1
    skip: int = 0


@dataclass(frozen=True)
class Markup:
    """A text marked safe: put together with another one, it makes that one escaped."""

    text: Value


@dataclass(frozen=True)
class Span:
    """`range(start, …)` of so many numbers."""

    start: Int
    size: Expr


@dataclass(frozen=True)
class Step:
    """A step of a selection: kind select, reject or map; an attribute; a test's or filter's name."""

    kind: str
    attribute: str | None
    name: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Query:
    """Elements of a list that pass some tests, or something of each; a generator until `list`ed."""

    over: Value
    steps: tuple[Step, ...]
    listed: bool = False


@dataclass(frozen=True)
class Built:
    """A list of texts that a loop makes, kept in one text: each is followed by a NUL.

    What is undefined or None is kept too, as a mark; such a list (`plain` is False) can only be searched.
    A list of elements of Go data (`of`) is kept as blanks, as many as stand before the element there.
    """

    text: Str
    plain: bool = field(compare=False, default=True)
    of: Obj | None = None


@dataclass(frozen=True)
class Hidden:
    """A name whose value a defined template cannot see."""

    name: str = ""


@dataclass(frozen=True)
class Namespace:
    """Jinja's namespace; its attributes live in the state under this number."""

    owner: int


@dataclass(frozen=True)
class MacroV:
    """A macro and the scope it was written in."""

    node: nodes.Macro = field(hash=False)
    scope: int = 0


@dataclass(frozen=True)
class Func:
    """A global function, or a method bound to a value."""

    name: str
    on: Value | None = None
    target: Any = field(compare=False, default=None)


@dataclass(frozen=True)
class Loop:
    """The `loop` variable of a for over Go data (`over`) or over known elements."""

    loop: int
    over: Expr | None
    reverse: bool = False
    position: tuple[Value, Value, Value] | None = None
    items: tuple[Value, ...] = ()
    kind: str | None = None
    length: Value | None = None


Value = Union[  # noqa: UP007 - forward references
    Const,
    Undef,
    Str,
    Int,
    Bool,
    Obj,
    Parts,
    Cond,
    ListV,
    DictV,
    Items,
    Split,
    Query,
    Built,
    Hidden,
    Span,
    Markup,
    Namespace,
    MacroV,
    Func,
    Loop,
]
