"""What every renderer is given, and what it is.

Ollama's own interface is model/renderers/renderer.go: Render, LeadingBOS, Thinking. The values are those of
api/types.go, decoded by `request`.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ..think import Think
from ..versions import Target


@dataclass(frozen=True)
class Call:
    """A tool call of an assistant's message.

    arguments: by name, in the order of the request. is_null: the request says null, which Go tells from a
    call that has no arguments at all.
    """

    id: str
    name: str
    arguments: Mapping[str, Any]
    is_null: bool = False


@dataclass(frozen=True)
class Message:
    """One message of the conversation; images: how many it carries."""

    role: str
    content: str = ""
    thinking: str = ""
    images: int = 0
    calls: tuple[Call, ...] = ()
    tool_name: str = ""
    tool_call_id: str = ""

    def with_content(self, content: str) -> Message:
        """The same message with other text."""
        return replace(self, content=content)


@dataclass(frozen=True)
class Property:
    """A property of a tool's parameters, as far as Ollama keeps its schema.

    properties: None where the schema has none, which Go tells from an empty object.
    """

    any_of: tuple[Property, ...] = ()
    type: tuple[str, ...] = ()
    items: Any = None
    description: str = ""
    enum: tuple[Any, ...] = ()
    properties: Mapping[str, Property] | None = None
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameters:
    """The parameters of a tool's function."""

    type: str = ""
    defs: Any = None
    items: Any = None
    required: tuple[str, ...] = ()
    properties: Mapping[str, Property] | None = None


@dataclass(frozen=True)
class Tool:
    """A tool of the request; name, description and parameters are those of its function."""

    type: str = ""
    items: Any = None
    name: str = ""
    description: str = ""
    parameters: Parameters = field(default_factory=Parameters)


class Renderer(ABC):
    """A renderer of one family.

    bos: the BOS that its prompts begin with, "" for none. levels: the values of `think` that it tells apart,
    and what stands for none (asked since 0.34.3). images: whether it has a place for them.
    """

    bos: ClassVar[str] = ""
    levels: tuple[bool | str, ...] = (False,)
    default: bool | str = False
    images: ClassVar[bool] = False

    def __init__(self, name: str, target: Target, today: Callable[[], datetime.date]) -> None:
        self.name = name
        self.target = target
        self.today = today
        self.varies = ""
        """What of the last prompt Ollama writes in an order of chance, "" for none."""

    def render(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        """The prompt. Raises PromptError where Ollama's renderer refuses the request."""
        self.varies = ""
        return self.write(messages, tools, think)

    @abstractmethod
    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        """The prompt, by each family."""
