"""Two engines behind one interface: a real Ollama server and llama.cpp in a child process.

Both are given messages in Ollama's API shape and answer a `Reply`, so that whoever asks a question
(`verify`, `demo`, a test) need not know which of the two it talks to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.conversation import Message, Tool


@dataclass(frozen=True)
class Reply:
    """What a model answered.

    prompt_tokens: tokens of the prompt, pictures included (Ollama's prompt_eval_count);
    completion_tokens: tokens written (eval_count); finish_reason: "stop" (an end-of-generation token
    or a stop text) or "length" (max_tokens or the context was used up); thinking: what came apart as
    thinking; raw: the engine's own answer. None where the engine does not say.
    """

    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish_reason: str | None = None
    thinking: str = ""
    raw: Mapping[str, Any] | None = None


class Engine(Protocol):
    """Something that answers a conversation. Pictures are bytes in a message's `images`."""

    def chat(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        max_tokens: int = 64,
        temperature: float = 0.0,
    ) -> Reply:
        """Answers the conversation; raises EngineError or ServerError where that cannot be done."""
        ...

    def close(self) -> None:
        """Gives back what the engine holds; may be called twice."""
        ...
