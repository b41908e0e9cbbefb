"""Every kind of reply as the model writes it and as the user gets it, for golden files and reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ollama.reply_types import Reply
from .round_trip import Reading, RoundTrip
from .spoken import KINDS, Spoken

# A server gets a reply token by token; pieces of one character end wherever a token can.
STREAMED = 1


@dataclass(frozen=True)
class Returned:
    """A kind of reply.

    writes: what the model writes, None where the chat template shows no such reply; reply: the message that
    comes back in pieces of one character; always: whether it is the same in pieces of every size; problem:
    what is wrong with it, "" where it is the message that was meant.
    """

    kind: str
    writes: str | None = None
    reply: Reply | None = None
    always: bool = True
    problem: str = ""

    def message(self) -> dict[str, Any] | None:
        """The message in plain values; what it has not is left out."""
        return None if self.reply is None else plain_message(self.reply)

    def text(self) -> str:
        """The message for people."""
        return "" if self.reply is None else message_text(plain_message(self.reply))


def returned(trip: RoundTrip) -> tuple[Returned, ...]:
    """Every kind, in the order of KINDS; answers by a schema are left out, as only a server can say."""
    return tuple(
        _returned(kind.name, [r for r in trip.readings if r.spoken.kind.name == kind.name])
        for kind in KINDS
        if kind.form is None
    )


def returned_natively(spoken: Sequence[Spoken], trip: RoundTrip | None) -> tuple[Returned, ...]:
    """Every kind that the chat template shows, and the message where llama-server was seen to read it.

    What is written is then the same on every machine.
    """
    read = {one.kind: one for one in returned(trip)} if trip is not None else {}
    found = []
    for kind in (kind for kind in KINDS if kind.form is None):
        writes = next((one.text for one in spoken if one.kind.name == kind.name), None)
        seen = read.get(kind.name)
        known = seen is not None and seen.reply is not None
        found.append(seen if seen is not None and known else Returned(kind.name, writes))
    return tuple(found)


def reader(trip: RoundTrip) -> str:
    """What reads the replies, in words."""
    if trip.engine:
        return trip.engine
    return f"PARSER {trip.parser}" if trip.parser else "the TEMPLATE's tags"


def _returned(kind: str, readings: Sequence[Reading]) -> Returned:
    if not readings:
        return Returned(kind)
    streamed = [r for r in readings if r.size == STREAMED]
    # Of several releases the newest.
    shown = (streamed or list(readings))[-1]
    always = all(r.reply == shown.reply for r in readings)
    problem = next((r.problem for r in readings if r.problem), "")
    return Returned(kind, shown.spoken.text, shown.reply, always, problem)


def plain_message(reply: Reply) -> dict[str, Any]:
    """A reply as plain values, or the error with which the request ends."""
    if reply.error:
        return {"error": reply.error}
    calls = [{"name": c.name, "arguments": _plain(c.arguments)} for c in reply.tool_calls]
    parts = {"thinking": reply.thinking, "content": reply.content, "tool_calls": calls}
    return {key: value for key, value in parts.items() if value}


def message_text(message: Mapping[str, Any]) -> str:
    """A message of `plain_message` for people: each part under its name."""
    lines = [f"{key}: {message[key]}" for key in ("error", "thinking", "content") if message.get(key)]
    for call in message.get("tool_calls", ()):
        arguments = json.dumps(call["arguments"], ensure_ascii=False)
        lines.append(f"tool call: {call['name']} {arguments}")
    return "\n".join(lines) or "(an empty message)"


def _plain(value: Any) -> Any:
    """Plain dicts and lists; a number that is whole without a point, as the server writes it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value
