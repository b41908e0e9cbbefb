"""Go data of Ollama's request."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..ir import nodes as go
from ..ir.nodes import Expr
from .text import Str, go_text
from .value import Rewrite, Value


class Data(enum.Enum):
    """What a piece of Go data is; the text is for people."""

    MESSAGES = "the messages"
    MESSAGE = "a message"
    CALLS = "the tool calls"
    CALL = "a tool call"
    CALL_FUNCTION = "a tool call's function"
    ARGUMENTS = "a tool call's arguments"
    TOOLS = "the tools"
    TOOL = "a tool"
    TOOL_FUNCTION = "a tool's function"
    PARAMETERS = "a tool's parameters"
    PROPERTIES = "a tool's properties"
    PROPERTY = "a property"
    PROPERTY_MAP = "the properties inside a property"
    PROPERTY_LIST = "a list of properties"
    TEXTS = "a list of texts"
    JSON_LIST = "a list of JSON values"
    JSON = "a JSON value"


# Lists, each with what its elements are (texts are no data of their own) and the name of an element.
ELEMENTS: dict[Data, Data | None] = {
    Data.MESSAGES: Data.MESSAGE,
    Data.CALLS: Data.CALL,
    Data.TOOLS: Data.TOOL,
    Data.TEXTS: None,
    Data.JSON_LIST: Data.JSON,
    Data.PROPERTY_LIST: Data.PROPERTY,
}
ELEMENT_NAMES = {
    Data.MESSAGES: "msg",
    Data.CALLS: "call",
    Data.TOOLS: "tool",
    Data.TEXTS: "str",
    Data.JSON_LIST: "list",
    Data.PROPERTY_LIST: "proplist",
}
MAPPINGS = (
    Data.MESSAGE,
    Data.CALL,
    Data.CALL_FUNCTION,
    Data.ARGUMENTS,
    Data.TOOL,
    Data.TOOL_FUNCTION,
    Data.PARAMETERS,
    Data.PROPERTIES,
    Data.PROPERTY_MAP,
    Data.PROPERTY,
)


@dataclass(frozen=True)
class RuntimeValue(Value):
    """A piece of the request; reverse: a list from its end to its beginning."""

    data: Data
    expr: Expr
    reverse: bool = False

    @property
    def description(self) -> str:
        return self.data.value

    def exprs(self) -> Iterator[Expr]:
        return go.walk(self.expr)

    def rewritten(self, to: Rewrite) -> RuntimeValue:
        return RuntimeValue(self.data, to.expr(self.expr), self.reverse)


@dataclass(frozen=True)
class Pairs(Value):
    """`.items()` of a mapping of the request."""

    DESCRIPTION: ClassVar[str] = "the items of a mapping"

    of: Data
    expr: Expr

    def exprs(self) -> Iterator[Expr]:
        return go.walk(self.expr)

    def rewritten(self, to: Rewrite) -> Pairs:
        return Pairs(self.of, to.expr(self.expr))


@dataclass(frozen=True)
class ContentParts(Value):
    """The content of a message with images: one part an image, then one text part."""

    DESCRIPTION: ClassVar[str] = "the content of a message with images"

    message: Expr

    def exprs(self) -> Iterator[Expr]:
        return go.walk(self.message)


def element_value(data: Data, expr: Expr) -> RuntimeValue | Str:
    """An element of a Go list."""
    inner = ELEMENTS[data]
    return go_text(expr) if inner is None else RuntimeValue(inner, expr)


def is_data(v: Value) -> bool:
    """Whether it is data of the request as a whole."""
    return isinstance(v, (RuntimeValue, Pairs))
