"""The message that comes back, by each of the ways in which clients ask: Ollama's API and OpenAI's, whole
and streamed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.conversation import Message, Tool
from ...core.errors import ServerError
from .requests import chat_body

CHAT, OPENAI = "/api/chat", "/v1/chat/completions"
EFFORT = "medium"
"""What OpenAI's API calls thinking that is switched on: any effort but "none"."""


@dataclass(frozen=True)
class Way:
    """How a message is asked for.

    path: of the API; streamed: whether the answer comes in pieces.
    """

    path: str
    streamed: bool

    def __str__(self) -> str:
        return f"{self.path}, streamed" if self.streamed else self.path


WAYS = tuple(Way(path, streamed) for path in (CHAT, OPENAI) for streamed in (False, True))


@dataclass(frozen=True)
class Answer:
    """A message as the client gets it.

    calls: name and arguments of each tool call. finish: "stop", "length", "tool_calls", …; "" where the
    answer does not say. tokens: how many the model wrote, None where the answer does not say. pieces: in how
    many parts it came. prompt_tokens: of the prompt, images included, None where the answer does not say.
    """

    content: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    finish: str = ""
    tokens: int | None = None
    pieces: int = 1
    prompt_tokens: int | None = None


def message_body(
    way: Way,
    name: str,
    messages: Sequence[Message],
    tools: Sequence[Tool] | None,
    think: bool | str | None,
    options: Mapping[str, Any] | None,
    form: Any = None,
) -> dict[str, Any]:
    """The body of the request.

    options: PARAMETERs; OpenAI's API takes only some of them, under its own names. form: a JSON schema that
    the answer has to satisfy.
    """
    if way.path == CHAT:
        body = chat_body(name, messages, tools, think, options)
        if form is not None:
            body["format"] = form
        return {**body, "stream": way.streamed}
    body = {"model": name, "messages": [dict(m) for m in messages], "stream": way.streamed}
    if tools:
        body["tools"] = list(tools)
    if think is not None:
        body["reasoning_effort"] = (EFFORT if think is True else think) if think else "none"
    for key, own in (("temperature", "temperature"), ("num_predict", "max_tokens"), ("seed", "seed")):
        if options and key in options:
            body[own] = options[key]
    if form is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "form", "schema": form}}
    if way.streamed:
        body["stream_options"] = {"include_usage": True}
    return body


def collect(
    way: Way,
    parts: Iterable[Mapping[str, Any]],
    *,
    url: str,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """Puts the parts of an answer together. Raises ServerError where a call's arguments are no JSON.

    parts: of the types of the API (`answer_shapes.checked`).
    on_text: told each piece of the answer when it comes.
    """
    read = []
    for part in parts:
        read.append(part)
        for message in _messages(way, part):
            if on_text and message.get("content"):
                on_text(str(message["content"]))
    return (_collect_chat if way.path == CHAT else _collect_openai)(read, url)


def _messages(way: Way, part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The messages of a part."""
    found = [part.get("message")]
    if way.path != CHAT:
        found = [choice.get("delta") or choice.get("message") for choice in part.get("choices") or ()]
    yield from (message for message in found if message)


def _collect_chat(parts: Sequence[Mapping[str, Any]], url: str) -> Answer:
    messages = [part.get("message") or {} for part in parts]
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    functions = [call.get("function") or {} for call in calls]
    last = parts[-1] if parts else {}
    return Answer(
        "".join(str(m.get("content") or "") for m in messages),
        "".join(str(m.get("thinking") or "") for m in messages),
        tuple((str(f.get("name") or ""), f.get("arguments")) for f in functions),
        str(last.get("done_reason") or ""),
        last.get("eval_count"),
        len(parts),
        last.get("prompt_eval_count"),
    )


def _collect_openai(parts: Sequence[Mapping[str, Any]], url: str) -> Answer:
    choices = [choice for part in parts for choice in part.get("choices") or ()]
    messages = [choice.get("delta") or choice.get("message") or {} for choice in choices]
    calls: dict[Any, list[str]] = {}
    for number, message in enumerate(messages):
        for place, call in enumerate(message.get("tool_calls") or ()):
            # Of a streamed call a later piece has the same index; Ollama sends each call whole.
            known = calls.setdefault(call.get("index", (number, place)), ["", ""])
            function = call.get("function") or {}
            known[0] += str(function.get("name") or "")
            known[1] += str(function.get("arguments") or "")
    usage: Mapping[str, Any] = next((part["usage"] for part in reversed(parts) if part.get("usage")), {})
    finish = next(
        (choice["finish_reason"] for choice in reversed(choices) if choice.get("finish_reason")), ""
    )
    return Answer(
        "".join(str(m.get("content") or "") for m in messages),
        "".join(str(m.get("reasoning") or m.get("reasoning_content") or "") for m in messages),
        tuple((name, _arguments(text, url)) for name, text in calls.values()),
        str(finish),
        usage.get("completion_tokens"),
        len(parts),
        usage.get("prompt_tokens"),
    )


def _arguments(text: str, url: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ServerError(
            f"{url} answered a tool call whose arguments are no JSON: {text[:80]!r}",
            help="OpenAI's API gives arguments as a JSON text; is this an Ollama server?",
            code="MK804",
        ) from e


def event_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The data of server-sent events, one JSON text each, without the last one ([DONE])."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        while (end := pending.find(b"\n")) >= 0:
            line, pending = bytes(pending[:end]).strip(), pending[end + 1 :]
            if (data := line.removeprefix(b"data:").strip()) != line and data != b"[DONE]":
                yield data + b"\n"
    if pending.strip() and not pending.startswith(b"data: [DONE]"):
        # Without its newline: who reads it can tell that it may be torn.
        yield bytes(pending).strip().removeprefix(b"data:").strip()
