"""The prompts of a model on a server, by the server's own word (`_debug_render_only`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.conversation import Message
from ..core.errors import PromptError
from ..publish.prompt_judge import NATIVE_MARK, with_images
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.replies import RefusedError
from ..vision.colour_images import colour_probes


class ServerPrompter:
    """A server behind the interface of everything that renders requests, images as `[img-N]`.

    It asks the server again for every conversation. Raises ServerError where the server fails.
    """

    steps = 0  # nothing runs here

    def __init__(self, server: OllamaServer, name: str) -> None:
        self.server, self.name = server, name
        self.images = colour_probes()

    def render(self, messages: Sequence[Message], *, tools: Any = None, think: Any = None) -> str:
        """The prompt of an /api/chat request; raises PromptError where the server refuses it."""
        given = with_images(messages, self.images)
        try:
            prompt = self.server.render(self.name, given, tools=tools, think=think).prompt
        except RefusedError as error:
            raise PromptError(error.detail, status=error.status or 500) from error
        counted = iter(range(len(prompt)))
        return NATIVE_MARK.sub(lambda _: f"[img-{next(counted)}]", prompt)
