"""What a name of the chat template can hold beside data: macros, functions, namespaces, `loop`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from jinja2 import nodes

from ..ir.nodes import Expr
from .request import Data
from .value import Value


@dataclass(frozen=True)
class Hidden(Value):
    """A name whose value a defined template cannot see."""

    DESCRIPTION: ClassVar[str] = "a hidden value"

    name: str = ""


@dataclass(frozen=True)
class Namespace(Value):
    """Jinja's namespace; its attributes live in the state under this number."""

    DESCRIPTION: ClassVar[str] = "a namespace"

    owner: int


@dataclass(frozen=True)
class Macro(Value):
    """A macro and the scope it was written in."""

    DESCRIPTION: ClassVar[str] = "a macro"

    node: nodes.Macro = field(hash=False)
    scope: int = 0


@dataclass(frozen=True)
class Builtin(Value):
    """A global function, or a method bound to a value."""

    DESCRIPTION: ClassVar[str] = "a function"

    name: str
    on: Value | None = None

    def exprs(self) -> Iterator[Expr]:
        return self.on.exprs() if self.on is not None else iter(())


@dataclass(frozen=True)
class LoopVariable(Value):
    """`loop` of a for over Go data (`over`) or over known elements.

    position: the index from 0, and whether it is the first and the last iteration. macro: what `loop(…)`
    calls in a recursive loop.
    """

    DESCRIPTION: ClassVar[str] = "the variable loop"

    loop: int
    over: Expr | None
    reverse: bool = False
    position: tuple[Value, Value, Value] | None = None
    items: tuple[Value, ...] = ()
    data: Data | None = None
    length: Value | None = None
    macro: Macro | None = None
