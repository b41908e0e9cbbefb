"""Conversations in OpenAI's shape; the shape itself is judged by OpenAI's own types."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from modelfile_kit.core.errors import UsageError
from modelfile_kit.runtime.openai import image_part
from modelfile_kit.runtime.openai_messages import to_openai
from modelfile_kit.vision.colour_images import colour_probes

PNG, JPEG = (next(p.bytes for p in colour_probes() if p.format == name) for name in ("PNG", "JPEG"))


def test_messages_are_what_openais_own_types_take():
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "What?", "images": [PNG, JPEG]},
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
        },
        {"role": "tool", "tool_name": "f", "tool_call_id": "call_0", "content": "1"},
    ]
    found = to_openai(messages)
    adapter = TypeAdapter(ChatCompletionMessageParam)
    for message in found:
        adapter.validate_python(message)
    assert [part["type"] for part in found[1]["content"]] == ["image_url", "image_url", "text"]
    assert found[1]["content"][1] == image_part(JPEG)
    assert found[2]["reasoning_content"] == "hm"
    assert found[2]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}
    assert found[3]["name"] == "f"


def test_counted_images_cannot_be_sent():
    with pytest.raises(UsageError, match="the number of its images"):
        to_openai([{"role": "user", "content": "x", "images": 2}])
