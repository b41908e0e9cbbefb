"""Candidate conversations of plain chat, thinking and images, simplest first.

What Ollama can express, and so what is tried: Ollama merges neighbours of the same role (`tool`
excepted) before its template sees them, so no conversation here has such neighbours. Content is
always a text. Reasoning is there or not, never empty.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.conversation import Conversation, Message, Tool
from ...ollama.request_shape import Shape, members
from . import texts
from .features import OTHER_ROLE, ROLES, Features

# Longest conversation of which every order of roles is a candidate.
LENGTH_MAX = 4
# Longest conversation that is put together because a template counts so far.
TURNS_MAX = 60
THINKS: tuple[bool | str | None, ...] = (None, True, False)
LEVELS = ("low", "medium", "high")


@dataclass(frozen=True)
class Candidate:
    """A candidate. telling: compared even if it takes no branch that another has not taken.
    instead: messages to try where the reference does not render these (templates without a system
    role, or with their own order of roles)."""

    conversation: Conversation
    telling: bool = False
    instead: tuple[tuple[Message, ...], ...] = ()


def probe(
    id: str,
    messages: Iterable[Message],
    tools: Sequence[Tool] | None = None,
    think: bool | str | None = None,
    *,
    category: str,
    telling: bool = False,
    instead: Iterable[tuple[Message, ...]] = (),
) -> Candidate:
    """A candidate from its parts."""
    offered = tuple(tools) if tools else None
    return Candidate(Conversation(id, tuple(messages), offered, think, category), telling, tuple(instead))


def message(role: str, content: str, **more: Any) -> dict[str, Any]:
    """A message in Ollama's shape; fields given as None are left out."""
    return {"role": role, "content": content, **{k: v for k, v in more.items() if v is not None}}


def role_orders(roles: Sequence[str], longest: int = LENGTH_MAX) -> Iterator[tuple[str, ...]]:
    """Every order of roles up to a length, shortest first, that Ollama would not merge."""
    for length in range(1, longest + 1):
        for order in itertools.product(roles, repeat=length):
            if all(a != b or a == "tool" for a, b in itertools.pairwise(order)):
                yield order


def plain(order: Iterable[str]) -> tuple[Message, ...]:
    """Messages of these roles, each with a text of its own."""
    return tuple(message(role, f"{role[0]}{i}") for i, role in enumerate(order))


def chat(seen: Features) -> Iterator[Candidate]:
    """Role orders, then odd roles, then boundary texts in every place."""
    usual = [r for r in ROLES if r != "tool"]
    for order in role_orders(usual):
        yield probe("roles-" + "-".join(order), plain(order), category="chat", telling=len(order) < 3)
    for order in (("user", "assistant") * 3 + ("user",), ("system",) + ("user", "assistant") * 3):
        yield probe(f"long-{order[0]}", plain(order), category="chat", telling=True)
    for role in seen.roles:
        if role not in ROLES:
            for i, order in enumerate((("user", role), (role, "user"), (role,), ("user", "assistant", role))):
                yield probe(f"role-{role}-{i}", plain(order), category="chat", telling=i < 2)
            for order in (("system", role, "user"), (role, "system", "user"), ("system", "user", role)):
                yield probe("roles-" + "-".join(order), plain(order), category="chat")
    strange = (*texts.general(seen), *texts.around_markers(seen), texts.LONG)
    yield from woven("chat", strange)
    for role in seen.roles:
        if role not in ROLES:
            yield from _spoken(role, texts.general(seen) if role == OTHER_ROLE else strange)
    for number in seen.numbers:
        yield from _counted(number, seen)
    yield from _members(seen, strange)


def _members(seen: Features, strange: Sequence[str]) -> Iterator[Candidate]:
    """Texts in members of a message that belong to no tools and no thinking, which have their own."""
    for member in members(Shape.MESSAGE):
        if member.required or member.category != "chat" or not seen.keys & set(member.keys):
            continue
        for i, text in enumerate(strange):
            said = message("user", "u", **{member.key: text})
            bare = (message("assistant", "a"), message("user", "w"))
            yield probe(f"{member.key}-{i}", (said, *bare), category="chat", telling=True)


def _spoken(role: str, strange: Sequence[str]) -> Iterator[Candidate]:
    """Odd texts in messages of a role that only some templates know."""
    user = message("user", "u")
    for i, text in enumerate(strange):
        said = message(role, text)
        yield probe(
            f"spoken-{role}-{i}", (user, said), category="chat", telling=True, instead=((said, user), (said,))
        )


def _counted(number: int, seen: Features) -> Iterator[Candidate]:
    """Texts of about so many characters, and conversations of about so many messages."""
    for count in (number - 1, number, number + 1):
        # As many characters, and one byte more.
        text, longer = "x" * count, "é" + "x" * (count - 1)
        body = (message("user", text), message("assistant", longer), message("user", longer))
        yield probe(
            f"size-{count}",
            (message("system", longer), *body),
            category="chat",
            telling=True,
            instead=(body,),
        )
    for count in range(number - 1, number + 3):
        if count <= TURNS_MAX:
            order = (("user", "assistant") * count)[:count]
            yield probe(f"turns-{count}", plain(order), category="chat", telling=True)
            yield probe(f"system-turns-{count}", plain(("system", *order)), category="chat", telling=True)
            for start, end in texts.pairs((*seen.markers, *seen.rare)):
                marked = tuple({**m, "content": f"{start}x{end}"} for m in plain(order))
                yield probe(f"turns-{count}-{start}", marked, category="chat")


def dated(category: str, offered: Sequence[Tool]) -> Iterator[Candidate]:
    """What is compared on every day, for a template that prints the date."""
    user = message("user", "u", images=1 if category == "images" else None)
    tools = offered if category == "tools" else None
    think = True if category == "thinking" else None
    for name, messages in (("user", (user,)), ("system", (message("system", "s"), user))):
        yield probe(f"dated-{name}", messages, tools, think, category=category, telling=True)


def woven(category: str, strange: Sequence[str]) -> Iterator[Candidate]:
    """Conversations in which every strange text stands once in every place."""
    count = len(strange)
    for i in range(count):
        a, b, c, d, e, f = (strange[(i + k * k) % count] for k in range(6))
        body = (
            message("user", b),
            message("assistant", c),
            message("user", d),
            message("assistant", e),
            message("user", f),
        )
        whole = (message("system", a), *body)
        ends = whole[:-1] if i % 2 else (message("system", a), body[0], message("system", c))
        yield probe(f"woven-{i}", whole, category=category, telling=True, instead=(body, body[:1]))
        yield probe(f"short-{i}", body[:3], category=category)
        yield probe(f"ends-{i}", ends, category=category)


def thinks(seen: Features) -> tuple[bool | str | None, ...]:
    """What requests say about thinking: levels only where the template looks at them."""
    return (*THINKS, *LEVELS) if "reasoning_effort" in seen.variables else THINKS


def thinking(seen: Features) -> Iterator[Candidate]:
    """Think flags, levels and reasoning in the history."""
    said = thinks(seen)
    for order in role_orders(("system", "user", "assistant")):
        for think in said:
            name = f"{think}-" + "-".join(order)
            if think is not None:
                yield probe(f"think-{name}", plain(order), None, think, category="thinking")
            if "assistant" in order:
                told = tuple(_with_reasoning(m, f"r{i}") for i, m in enumerate(plain(order)))
                first = think is None and len(order) < 3  # a thought where nothing stands before it
                yield probe(f"reasoning-{name}", told, None, think, category="thinking", telling=first)
    strange = (*texts.general(seen), *texts.around_markers(seen))
    for i, text in enumerate(strange):
        other = strange[(i * 3 + 1) % len(strange)]
        think = said[i % len(said)]
        history = (
            message("user", "q"),
            message("assistant", other, thinking=text or None),
            message("user", other),
        )
        yield probe(f"reason-{i}", history, None, think, category="thinking", telling=True)
        last = (*history[:1], message("assistant", text, thinking=other or None))
        yield probe(f"reason-last-{i}", last, None, think, category="thinking", telling=True)
        flagged = (message("system", text), message("user", other), message("assistant", text))
        for on in said[1:]:
            asks = (*flagged, message("user", text))
            yield probe(f"flag-{on}-{i}", asks, None, on, category="thinking")


def _with_reasoning(told: Message, reasoning: str) -> Message:
    return {**told, "thinking": reasoning} if told["role"] == "assistant" else told


def images(seen: Features) -> Iterator[Candidate]:
    """One or two images in the first and in later messages, of every role, beside odd texts."""
    for counts in ((1,), (2,), (1, 0), (0, 1), (1, 2), (2, 0), (0, 2), (1, 1)):
        for system in (False, True):
            told: list[Message] = [message("system", "s")] if system else []
            for i, count in enumerate(counts):
                if i:
                    told.append(message("assistant", f"a{i}"))
                told.append(message("user", f"u{i}", images=count or None))
            yield probe(f"images-{counts}-{system}", told, category="images", telling=True)
    for counts in ((1, 1), (1, 0), (0, 1), (1, 2)):
        # the same words twice: templates compare whole messages
        asked = [message("user", "u", images=count or None) for count in counts]
        twice = (asked[0], message("assistant", "a"), asked[1])
        yield probe(f"images-same-{counts}", twice, category="images", telling=True)
    yield from _images_elsewhere()
    strange = [t for t in (*texts.general(seen), *texts.around_markers(seen)) if "[img" not in t]
    for i, text in enumerate(strange):
        first = message("user", text, images=1 + i % 2)
        later = message("user", strange[(i + 3) % len(strange)], images=1)
        messages = (first, message("assistant", "a"), later)
        yield probe(f"image-text-{i}", messages, category="images", telling=True)
    for think in (True, False):
        yield probe(f"image-think-{think}", (message("user", "u", images=1),), None, think, category="images")


def _images_elsewhere() -> Iterator[Candidate]:
    """Images in messages that are not the user's."""
    image, user = message("user", "u", images=1), message("user", "u")
    for role in (*ROLES, OTHER_ROLE):
        if role != "user":
            other = message(role, "x", images=1)
            yield probe(f"image-{role}", (user, other), category="images")
            yield probe(f"image-{role}-first", (other, image), category="images")
    call = {"id": "abc123456", "type": "function", "function": {"name": "f", "arguments": {"a": "x"}}}
    for words in ("", "say"):
        asked = message("assistant", words, images=1, tool_calls=[call])
        answer = message("tool", words, images=1, tool_name="f", tool_call_id="abc123456")
        yield probe(f"image-tools-{words}", (user, asked, answer), category="images")
