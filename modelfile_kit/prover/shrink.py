"""Makes a counterexample as small as it can be while it still shows a difference."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..core.conversation import Conversation, Message
from ..ollama.request_shape import Kind, Shape, members

# Renderings spent on one counterexample; most are done after thirty.
TRIES_MAX = 160


def shrink(conversation: Conversation, differs: Callable[[Conversation], bool]) -> Conversation:
    """The smallest conversation found that still differs; `differs` says whether one does."""
    tries = TRIES_MAX
    smaller = True
    while smaller and tries > 0:
        smaller = False
        for candidate in _smaller(conversation):
            tries -= 1
            if tries < 0:
                break
            if differs(candidate):
                conversation, smaller = candidate, True
                break
    return conversation


def expressible(messages: tuple[Message, ...]) -> bool:
    """Whether Ollama's template sees these messages as they are, none merged."""
    pairs = itertools.pairwise(messages)
    return bool(messages) and all(a["role"] != b["role"] or a["role"] == "tool" for a, b in pairs)


def _smaller(conversation: Conversation) -> Iterator[Conversation]:
    """Conversations that are one step smaller, the largest steps first."""
    messages = conversation.messages
    for kept in _fewer(messages):
        if expressible(kept):
            yield replace(conversation, messages=kept)
    if conversation.tools:
        yield replace(conversation, tools=None)
        for kept in _fewer(conversation.tools):
            if kept:
                yield replace(conversation, tools=kept)
    if conversation.think is not None:
        yield replace(conversation, think=None)
    for i, m in enumerate(messages):
        for changed in _simpler_message(m):
            yield replace(conversation, messages=(*messages[:i], changed, *messages[i + 1 :]))
    for i, tool in enumerate(conversation.tools or ()):
        for simpler in _simpler_value(tool):
            tools = conversation.tools or ()
            if isinstance(simpler, Mapping) and _is_tool(simpler):
                yield replace(conversation, tools=(*tools[:i], simpler, *tools[i + 1 :]))


def _fewer(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Halves, pairs and single items away."""
    half = len(items) // 2
    if half > 1:
        yield items[half:]
        yield items[:half]
    for size in (2, 1):
        for i in range(len(items) - size + 1):
            if len(items) > size:
                yield items[:i] + items[i + size :]


def _simpler_message(message: Message) -> Iterator[Message]:
    row = members(Shape.MESSAGE)
    for name in (m.key for m in row if not m.required):
        if name in message:
            yield {k: v for k, v in message.items() if k != name}
    for name in (m.key for m in row if m.kind is Kind.TEXT and m.key != "role"):
        for text in _simpler_text(message.get(name) or ""):
            if text or name == "content":
                yield {**message, name: text}
    if isinstance(message.get("images"), int) and message["images"] > 1:
        yield {**message, "images": 1}
    calls = tuple(message.get("tool_calls") or ())
    for kept in _fewer(calls):
        yield {**message, "tool_calls": list(kept)}
    for i, call in enumerate(calls):
        for arguments in _simpler_value(call["function"]["arguments"]):
            function = {**call["function"], "arguments": arguments}
            changed = [*calls[:i], {**call, "function": function}, *calls[i + 1 :]]
            if isinstance(arguments, Mapping):
                yield {**message, "tool_calls": changed}


def _simpler_value(value: Any) -> Iterator[Any]:
    """A JSON value with a part less or a part simpler."""
    if isinstance(value, str):
        yield from _simpler_text(value)
    elif isinstance(value, Mapping):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
        for key, inner in value.items():
            for simpler in _simpler_value(inner):
                yield {**value, key: simpler}
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield value[:i] + value[i + 1 :]
            for simpler in _simpler_value(inner):
                yield [*value[:i], simpler, *value[i + 1 :]]


def _simpler_text(text: str) -> Iterator[str]:
    """Shorter texts, then plainer ones of the same length."""
    if len(text) > 1:
        yield ""
        yield "x"
        half = len(text) // 2
        yield text[:half]
        yield text[half:]
        yield text[: half + half // 2]
    if 1 < len(text) <= 24:
        for i in range(len(text)):
            yield text[:i] + text[i + 1 :]
    elif len(text) == 1 and text != "x":
        yield "x"


def _is_tool(tool: Mapping[str, Any]) -> bool:
    """Whether it still has what every tool has."""
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, Mapping) or not function.get("name"):
        return False
    parameters = function.get("parameters")
    return (
        isinstance(parameters, Mapping)
        and parameters.get("type") == "object"
        and isinstance(parameters.get("properties"), Mapping)
        and function.get("description") != ""
        and _is_schema(parameters)
        and all(p.get("properties") != {} for p in parameters["properties"].values())
    )


def _is_schema(schema: Any) -> bool:
    """Whether no key of it is empty: Ollama drops such keys."""
    if not isinstance(schema, Mapping) or not schema:
        return False
    inner = schema.get("properties")
    if any(v in ("", [], {}) for k, v in schema.items() if k != "properties"):
        return False
    nested = [*(inner.values() if isinstance(inner, Mapping) else ()), schema.get("items", schema)]
    return all(n is schema or _is_schema(n) for n in nested)
