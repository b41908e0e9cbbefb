"""What becomes of a model's reply: the answer, its tool calls, and the refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ToolCall:
    """A tool call found in a reply: the tool's name and its arguments.

    arguments: None where the server answers `null`, which some clients refuse. index: which call of the
    reply it is, as the server counts.
    """

    name: str
    arguments: Mapping[str, Any] | None
    index: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Reply:
    """A reply as /api/chat answers it.

    error: why a PARSER refused it; the rest is then what a client that streams got before. crash: whether
    Ollama itself ends there.
    """

    thinking: str = ""
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    error: str = ""
    crash: bool = False


class ReplyError(Exception):
    """A reply that a parser refuses: the server ends the answer with this error.

    crash: whether the parser panics instead, which ends the whole server.
    """

    def __init__(self, message: str, *, crash: bool = False) -> None:
        super().__init__(message)
        self.crash = crash
