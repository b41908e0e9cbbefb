"""Conversations of the kit in the shape of OpenAI's API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.conversation import Message, to_huggingface
from ..core.errors import UsageError
from .openai import image_part


def to_openai(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as OpenAI's API takes them.

    `images` (bytes of image files) become `image_url` parts before the text, `thinking` becomes
    `reasoning_content`, `tool_name` becomes `name`, the arguments of tool calls become JSON text.
    Raises UsageError for images that are only counted.
    """
    out = []
    for message, shaped in zip(messages, to_huggingface(messages), strict=True):
        if images := message.get("images"):
            shaped["content"] = [*map(image_part, _listed(images)), _text_part(message)]
        if calls := shaped.get("tool_calls"):
            shaped["tool_calls"] = [_call(call, number) for number, call in enumerate(calls)]
        out.append(shaped)
    return out


def _listed(images: Any) -> Sequence[bytes]:
    if isinstance(images, int):
        raise UsageError(
            f"a message gives the number of its images ({images}), not the images",
            help="a request to a server needs the images themselves",
        )
    return [bytes(image) for image in images]


def _text_part(message: Message) -> dict[str, Any]:
    return {"type": "text", "text": message.get("content") or ""}


def _call(call: Any, number: int) -> Any:
    if not isinstance(call, Mapping) or not isinstance(call.get("function"), Mapping):
        return call
    function = dict(call["function"])
    if not isinstance(function.get("arguments"), str):
        function["arguments"] = json.dumps(function.get("arguments") or {}, ensure_ascii=False)
    return {**call, "id": call.get("id") or f"call_{number}", "function": function}
