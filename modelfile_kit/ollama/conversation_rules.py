"""What the server does to a conversation before a TEMPLATE sees it: merging, image tags, cutting.

Sources (Ollama 0.33, older ones where it says so): template/template.go (collate), server/prompt.go.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from ..core.conversation import Message
from ..sources.model_name import model_part
from .api_values import ChatMessage
from .replies import split_thinking


def with_system(messages: Sequence[Message], system: str, first: Sequence[Message] = ()) -> list[Message]:
    """A request's messages with the model's own (0.33, server/routes.go, ChatHandler).

    first: the model's MESSAGEs, which stand before the request's. system: its SYSTEM, which stands before
    all, unless the request itself begins with a system message.
    """
    if system and not (messages and messages[0].get("role") == "system"):
        return [{"role": "system", "content": system}, *first, *messages]
    return [*first, *messages]


def request_conversation(
    request: Sequence[ChatMessage], system: str, first: Sequence[ChatMessage]
) -> list[ChatMessage]:
    """A decoded request's messages with the model's own; see `with_system`."""
    own = [ChatMessage("system", system)] if system and request[0].role != "system" else []
    return [*own, *first, *request]


def without_old_thinking(conversation: list[ChatMessage], *, family: str, name: str) -> list[ChatMessage]:
    """filterThinkTags: without the thinking inside former answers' texts, for two models known by name."""
    if family != "qwen3" and model_part(name) != "deepseek-r1":
        return conversation
    last_user = max((i for i, m in enumerate(conversation) if m.role == "user"), default=-1)
    return [
        m.with_content(split_thinking(m.content, "<think>", "</think>")[1])
        if m.role == "assistant" and i < last_user
        else m
        for i, m in enumerate(conversation)
    ]


def collate(messages: Sequence[ChatMessage], *, keep_tools: bool) -> tuple[str, list[ChatMessage]]:
    """All system texts joined, and the messages with neighbours of one role merged.

    Of merged messages only the texts are joined; images, calls and the rest are the first one's.
    keep_tools: tool messages stay apart.
    """
    system = "\n\n".join(m.content for m in messages if m.role == "system")
    merged: list[ChatMessage] = []
    for message in messages:
        if merged and merged[-1].role == message.role and not (keep_tools and message.role == "tool"):
            merged[-1] = merged[-1].with_content(f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    return system, merged


def with_image_tags(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Messages whose texts have `[img-N]` for each image: in place of `[img]`, else in front."""
    count = 0
    tagged = []
    for message in messages:
        prefix, text = "", message.content
        for _ in range(message.image_count):
            tag = f"[img-{count}]"
            count += 1
            if "[img]" in text:
                text = text.replace("[img]", tag, 1)
            else:
                prefix += tag
        tagged.append(message.with_content(prefix + text) if message.images else message)
    return tagged


Fits = Callable[[list[ChatMessage], Sequence[ChatMessage]], bool]
"""Whether a trial conversation fits; the second are those of its messages whose images count."""


def drop_oldest(
    conversation: list[ChatMessage], fits: Fits, *, merged: bool = True
) -> tuple[list[ChatMessage], int]:
    """Since 0.15.5: the first start that fits, with the system messages before it; else the last.

    merged: whether a trial rendering merges neighbours, as a TEMPLATE's does and a RENDERER's does not.
    """
    last = len(conversation) - 1
    for start in range(last + 1):
        system = _system_before(conversation, start)
        if fits([*system, *conversation[start:]], conversation[start:]) or start == last:
            return _as_rendered(system, conversation[start:]) if merged else system, start
    return [], 0


def keep_newest(
    conversation: list[ChatMessage], fits: Fits, *, in_place: bool
) -> tuple[list[ChatMessage], int]:
    """Before 0.15.5: from the end backwards up to the first that does not fit.

    The system messages are those before the one that did not fit; that one itself is lost if it was
    a system message (its images must have made the difference).
    """
    start = candidate = len(conversation) - 1
    system: list[ChatMessage] = []
    for candidate in range(len(conversation) - 2, -1, -1):
        system = _system_before(conversation, candidate)
        if not fits([*system, *conversation[candidate:]], conversation[candidate:]):
            break
        start = candidate
    return _as_rendered(system, conversation[candidate:]) if in_place else system, start


def _as_rendered(system: list[ChatMessage], tail: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The system messages after a trial rendering, which can change them (since 0.9.6).

    Ollama appends the tail to their slice; where that has room left (it grows to 1, 2, 4, 8, …),
    the merging of neighbours is done in place, and the next rendering merges them once more.
    """
    room = 1 << (len(system) - 1).bit_length() if system else 0
    if len(system) + len(tail) > room:
        return system
    run = list(itertools.takewhile(lambda m: m.role == "system", [*system, *tail]))
    return [system[0].with_content("\n\n".join(m.content for m in run)), *system[1:]]


def _system_before(conversation: list[ChatMessage], start: int) -> list[ChatMessage]:
    return [m for m in conversation[:start] if m.role == "system"]
