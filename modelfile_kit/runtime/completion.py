"""What an engine answered, whichever engine it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Completion:
    """What a model wrote.

    text: the answer. prompt_tokens: tokens of the prompt, images included (Ollama's prompt_eval_count).
    completion_tokens: tokens written (eval_count). finish_reason: "stop" (an end-of-generation token or a
    stop text) or "length" (max_tokens or the context was used up). thinking: what was split off as
    thinking. raw: the engine's own answer. None where the engine does not say.
    """

    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish_reason: str | None = None
    thinking: str = ""
    raw: Mapping[str, Any] | None = None
