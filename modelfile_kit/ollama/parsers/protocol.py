"""What every parser is: it is told the request, gets a reply piece by piece, and splits it.

Ollama's own interface is model/parsers/parsers.go: Init, Add, PreservedTokens, ThinkingClose,
HasToolSupport, HasThinkingSupport.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from ..reply_types import ReplyError, ToolCall
from ..think import Think
from ..versions import Target
from .go_text import as_json_text, decode, encode

Arguments = dict[str, Any] | None


class Piece(NamedTuple):
    """What became of a piece of a reply; any of the three may be empty."""

    content: str
    thinking: str
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class Property:
    """A parameter of a tool, as far as parsers ask for it.

    types: the types of its schema, those of `anyOf` together; is_text: whether one of them, however deep
    in `anyOf`, is a string.
    """

    types: tuple[str, ...]
    is_text: bool


@dataclass(frozen=True)
class Tool:
    """A tool of the request, as far as parsers ask for it; names are bytes, as replies are."""

    name: bytes
    properties: Mapping[bytes, Property]
    required: tuple[bytes, ...]

    def types(self, parameter: bytes) -> tuple[str, ...]:
        """The types of a parameter, none where the tool does not declare it."""
        known = self.properties.get(parameter)
        return known.types if known else ()


def read_tools(tools: Sequence[Mapping[str, Any]] | None) -> tuple[Tool, ...]:
    """The tools of a request (its JSON), as parsers see them."""
    return tuple(_tool(tool.get("function") or {}) for tool in tools or ())


def _tool(function: Mapping[str, Any]) -> Tool:
    parameters = function.get("parameters") or {}
    properties = parameters.get("properties") or {}
    return Tool(
        encode(function.get("name") or ""),
        {encode(name): _property(schema or {}) for name, schema in properties.items()},
        tuple(encode(name) for name in parameters.get("required") or ()),
    )


def _property(schema: Mapping[str, Any]) -> Property:
    options = schema.get("anyOf") or ()
    types = [t for option in options for t in _types(option)] if options else _types(schema)
    return Property(tuple(types), _is_text(schema))


def _types(schema: Mapping[str, Any]) -> Sequence[str]:
    kind = schema.get("type") or ()
    return (kind,) if isinstance(kind, str) else kind


def _is_text(schema: Mapping[str, Any]) -> bool:
    named = any(len(kind) == len("string") and kind.casefold() == "string" for kind in _types(schema))
    return named or any(_is_text(option) for option in schema.get("anyOf") or ())


def tool_named(tools: Sequence[Tool], name: bytes) -> Tool | None:
    """The first tool of that name."""
    return next((tool for tool in tools if tool.name == name), None)


@dataclass(frozen=True)
class Request:
    """What a parser is told before a reply begins.

    tools: those of the request; last_role, last_content, last_thinking: the last message of the
    conversation ("" where there is none); think: the request's, after the server's own defaults
    (None: not said).
    """

    tools: tuple[Tool, ...] = ()
    last_role: str = ""
    last_content: str = ""
    last_thinking: str = ""
    think: Think = None

    @property
    def prefilled(self) -> bool:
        """Whether the model goes on with content of its own."""
        return self.last_role == "assistant" and self.last_content != ""

    @property
    def thinks(self) -> bool:
        """Whether the request asks for thinking; no word about it counts as no."""
        return bool(self.think)

    @property
    def may_think(self) -> bool:
        """Whether the request does not forbid thinking; no word about it counts as yes."""
        return self.think is None or bool(self.think)


@dataclass
class Output:
    """What one piece of a reply has given by now; the parsers write to it."""

    content: list[bytes] = field(default_factory=list)
    thinking: list[bytes] = field(default_factory=list)
    calls: list[tuple[bytes, Arguments]] = field(default_factory=list)
    # Places of calls that the server does not count.
    uncounted: set[int] = field(default_factory=set)


class Parser(ABC):
    """A parser for one reply.

    tools, thinking: what it promises (HasToolSupport, HasThinkingSupport). preserved: the control tokens that
    the engine has to leave in the text. Every other control token is gone before the parser is asked.
    """

    tools: ClassVar[bool] = True
    thinking: ClassVar[bool] = True
    preserved: ClassVar[tuple[str, ...]] = ()

    def __init__(self, request: Request, target: Target) -> None:
        self.request = request
        self.target = target
        self.buffer = b""
        self.out = Output()
        self._counted = 0

    def add(self, piece: str, *, done: bool = False) -> Piece:
        """The next piece of the reply; done: it is the last one.

        Raises ReplyError where Ollama's parser fails: the server then ends the answer with an error, and
        what this piece would have given is lost.
        """
        self.out = Output()
        self.buffer += encode(piece)
        self.read(done)
        calls = []
        for i, (name, arguments) in enumerate(self.out.calls):
            _require_json(arguments)
            counts = i not in self.out.uncounted
            calls.append(ToolCall(as_json_text(name), arguments, self._counted if counts else 0))
            self._counted += counts
        content, thinking = (decode(b"".join(parts)) for parts in (self.out.content, self.out.thinking))
        return Piece(content, thinking, tuple(calls))

    @abstractmethod
    def read(self, done: bool) -> None:
        """Takes what it can out of `buffer` and writes it to `out`."""

    def thinking_close(self) -> tuple[str, ...]:
        """Texts any of which ends the thought that the reply begins with; none where it begins with content.

        Asked before the first piece (Ollama 0.34.4 and later, for structured output).
        """
        return ()


def _require_json(value: Any) -> None:
    """A number that JSON cannot carry breaks the answer off when the server writes it."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ReplyError("an argument is a number that JSON cannot carry")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _require_json(item)


class SteppingParser(Parser):
    """A parser that takes one step after the other, for as long as a step says that there is more."""

    def read(self, done: bool) -> None:
        while self.step(done):
            pass

    @abstractmethod
    def step(self, done: bool) -> bool:
        """One step; True where the next one may find something."""
