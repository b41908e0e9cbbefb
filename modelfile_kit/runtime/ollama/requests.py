"""The bodies of Ollama's chat and generate requests."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.conversation import Message, Tool
from ...core.errors import UsageError


def chat_body(
    name: str,
    messages: Sequence[Message],
    tools: Sequence[Tool] | None,
    think: bool | str | None,
    options: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The body of POST /api/chat. Raises UsageError for images that are only counted."""
    body: dict[str, Any] = {"model": name, "messages": [_wire_message(m) for m in messages]}
    if tools:
        body["tools"] = list(tools)
    if think is not None:
        body["think"] = think
    if options:
        body["options"] = dict(options)
    return body


def generate_body(
    name: str,
    prompt: str,
    images: Sequence[bytes],
    options: Mapping[str, Any] | None,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The body of POST /api/generate; extra are its other keys."""
    body: dict[str, Any] = {"model": name, "prompt": prompt, **extra}
    if images:
        body["images"] = [_wire_image(i) for i in images]
    if options:
        body["options"] = dict(options)
    return body


def _wire_message(message: Message) -> dict[str, Any]:
    out = {k: v for k, v in message.items() if v is not None and k != "images"}
    images = message.get("images") or []
    if isinstance(images, int):
        raise UsageError(
            f"a message gives the number of its images ({images}), not the images",
            help="a request to a server needs the images themselves, as bytes or base64",
        )
    if images:
        out["images"] = [_wire_image(i) for i in images]
    return out


def _wire_image(image: Any) -> str:
    return image if isinstance(image, str) else base64.b64encode(bytes(image)).decode("ascii")
