"""What Ollama sends to llama-server where the GGUF's own Jinja template renders a chat.

Source: Ollama 0.33, llm/llama_server.go (llamaServerChatRequest, llamaServerChatMessage,
llamaServerChatToolCalls, llamaServerChatTemplateKwargs), server/routes.go (ChatHandler). Other than for
a TEMPLATE: neighbours of one role stay apart, an image comes after the text of its message, and the
reasoning of earlier answers is not handed over at all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import PromptError
from ..gotemplate.values import encoding_json as gojson
from .api_types import types_for
from .api_values import ChatMessage, decode_messages, json_value, tools_value
from .selection import jinja_evidence
from .think import Think, resolve_think
from .versions import Target

# One image for all: a PNG of 1×1 pixels. Templates see that there is one, never what it shows.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def native_request(
    chat_template: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    think: Think = None,
    target: str | Target = "latest",
) -> dict[str, Any]:
    """The part of llama-server's request that its /apply-template looks at.

    chat_template: the GGUF's, by whose text Ollama knows tools and thinking. messages, tools, think: as
    in an /api/chat request, SYSTEM put in front; images may be a count and are then all the same dot.
    Raises PromptError where the server refuses the request before any template runs.
    """
    target = Target.parse(target)
    can = jinja_evidence(chat_template).capabilities
    request = decode_messages(messages)
    if tools and "tools" not in can:
        raise PromptError("the model does not support tools", status=400)
    think = resolve_think(think, target, can="thinking" in can, harmony=False, name="the model")
    body: dict[str, Any] = {"messages": [_message(m) for m in request]}
    if tools:
        tools_value(types_for(target), tools)  # refuses what the server's decoder refuses
        body["tools"] = [_tool(t) for t in tools]
    if think is not None:
        body["chat_template_kwargs"] = {"enable_thinking": bool(think)}
        if isinstance(think, str):
            body["chat_template_kwargs"]["reasoning_effort"] = think
    return body


def _message(message: ChatMessage) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role}
    if message.tool_call_id:
        out["tool_call_id"] = message.tool_call_id
    if message.tool_name:
        out["name"] = message.tool_name
    if message.tool_calls:
        out["tool_calls"] = [_call(call) for call in message.tool_calls]
    if not message.image_count:
        return {**out, "content": message.content}
    parts: list[dict[str, Any]] = []
    if message.content:
        parts.append({"type": "text", "text": message.content})
    url = "data:image/png;base64," + base64.b64encode(DOT).decode()
    parts += [{"type": "image_url", "image_url": {"url": url}}] * message.image_count
    return {**out, "content": parts}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    # The arguments are a text, as OpenAI has them; llama.cpp reads it where a template wants an object.
    called = call["Function"]
    given = called["Arguments"] or {}
    pairs = (f"{gojson.encode_string(k)}:{gojson.marshal(v)}" for k, v in given.items())
    function = {"name": called["Name"], "arguments": "{" + ",".join(pairs) + "}"}
    ident = {"id": call["ID"]} if call["ID"] else {}
    return {**ident, "index": called["Index"], "type": "function", "function": function}


# -- tools as the API's types print them (0.33, api/types.go): known keys only, in the types' order, without
# -- what is empty; the properties keep the request's order, which a TEMPLATE does not see.


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    data = _lower(tool)
    function = _lower(data.get("function"))
    told = {"name": function.get("name") or "", **_given(function, "description")}
    told["parameters"] = _parameters(_lower(function.get("parameters")))
    return {"type": data.get("type") or "", **_given(data, "items"), "function": told}


def _parameters(data: Mapping[str, Any]) -> dict[str, Any]:
    out = {"type": data.get("type") or "", **_given(data, "$defs", "items", "required")}
    properties = data.get("properties")
    out["properties"] = None if properties is None else {k: _property(p) for k, p in properties.items()}
    return out


def _property(prop: Any) -> dict[str, Any]:
    data = _lower(prop)
    out: dict[str, Any] = {}
    if data.get("anyof"):
        out["anyOf"] = [_property(p) for p in data["anyof"]]
    kind = data.get("type")
    if kind:
        out["type"] = kind[0] if isinstance(kind, list) and len(kind) == 1 else kind
    out.update(_given(data, "items", "description", "enum"))
    if data.get("properties") is not None:
        out["properties"] = {k: _property(p) for k, p in data["properties"].items()}
    return {**out, **_given(data, "required")}


def _lower(value: Any) -> dict[str, Any]:
    """An object by lower-case keys: Go's decoder does not look at the case of a field's name."""
    return {str(k).lower(): v for k, v in value.items()} if isinstance(value, Mapping) else {}


def _given(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The keys that Go's omitempty prints: no null, no empty text, no empty list of a typed field."""
    out: dict[str, Any] = {}
    for key in keys:
        value = data.get(key)
        if value is None or (key in ("description", "required", "enum") and not value):
            continue
        # By Go's decoder and encoder: whole numbers without a point, the keys of nested objects sorted.
        out[key] = json.loads(gojson.marshal(json_value(value)))
    return out
