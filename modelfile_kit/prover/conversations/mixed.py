"""Conversations put together at random: what the other probes try one by one, all at once.

The same template always gets the same conversations, so that a proof can be repeated.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from typing import Any

from ...core.conversation import Message
from . import texts, tools
from .features import Features
from .plain import Candidate, message, probe, thinks

# Enough to meet every pair of neighbouring roles with every kind of text some times.
COUNT = {"chat": 24, "thinking": 24, "tools": 32, "images": 16}
LENGTH_MAX = 8
# What follows what in ordinary conversations.
_USUAL = {
    "": ("system", "user", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user", "user", "tool"),
    "tool": ("tool", "assistant", "assistant", "user"),
}


def mixed(category: str, seen: Features) -> Iterator[Candidate]:
    """Random conversations of one kind."""
    words = [*texts.general(seen), *texts.around_markers(seen), *seen.literals, "x", "word", "two words"]
    seed = zlib.crc32(repr((category, seen.markers, seen.literals, sorted(seen.keys))).encode())
    draw = _Draw(random.Random(seed), category, [w for w in words if "[img" not in w])  # noqa: S311
    for i in range(COUNT[category]):
        offered = draw.tools() if category == "tools" else None
        think = draw.of(thinks(seen)) if category in ("thinking", "tools") else None
        yield probe(f"mixed-{i}", draw.messages(), offered, think, category=category, telling=True)


class _Draw:
    """Random parts of conversations."""

    def __init__(self, random: random.Random, category: str, words: list[str]) -> None:
        self.random = random
        self.category = category
        self.words = words

    def of(self, choices: Any) -> Any:
        return self.random.choice(choices)

    def text(self) -> str:
        """One to three of the strange texts in a row, now and then nothing."""
        return "".join(self.of(self.words) for _ in range(self.of((0, 1, 1, 1, 2, 3))))

    def tools(self) -> Any:
        return self.of((None, tools.PLAIN, tools.TWO, *tools.SCHEMAS))

    def messages(self) -> tuple[Message, ...]:
        told: list[Message] = []
        last = ""
        usual = self.random.random() < 0.7
        roles = ("system", "user", "assistant") + (("tool",) if self.category == "tools" else ())
        for _ in range(self.random.randint(2, LENGTH_MAX)):
            role = self.of(_USUAL[last] if usual else roles)
            if role not in roles or (role == last and role != "tool"):
                role = "user" if last != "user" else "assistant"
            told.append(self.message(role))
            last = role
        return tuple(told)

    def message(self, role: str) -> Message:
        more: dict[str, Any] = {}
        if role == "assistant" and self.category in ("thinking", "tools"):
            more["thinking"] = self.of((None, None, self.text() or None))
        if role == "assistant" and self.category == "tools" and self.random.random() < 0.6:
            more["tool_calls"] = [self.call() for _ in range(self.of((1, 1, 2, 3)))]
        if role == "tool":
            more |= {"tool_name": self.of((None, "f", "g")), "tool_call_id": self.of((None, tools.ID))}
        if role == "user" and self.category == "images":
            more["images"] = self.of((None, 1, 1, 2))
        return message(role, self.text(), **more)

    def call(self) -> dict[str, Any]:
        arguments = self.of((*tools.ARGUMENTS, {"a": self.text(), "b": self.of(self.words)}))
        return tools.call(arguments, self.of(("f", "g")))
