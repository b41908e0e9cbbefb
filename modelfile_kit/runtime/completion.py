"""What an engine is asked and what it answers, whichever engine it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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


class Engine(Protocol):
    """What runs a model and takes a finished prompt."""

    def generate(
        self, prompt: str, images: Sequence[bytes] = (), *, max_tokens: int = 16, stop: Sequence[str] = ()
    ) -> Completion:
        """Answers a prompt from an empty context with the likeliest tokens.

        prompt: as Ollama sends it, with `[img-N]` where image N (from 0) stands; images: the bytes of image
        files; stop: texts that end the answer and are not part of it. Raises EngineError.
        """
