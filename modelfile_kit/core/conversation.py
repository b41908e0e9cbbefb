"""The one shape that everything speaks: a conversation as Ollama's API takes it.

A message is a plain mapping with Ollama's keys (`api/types.go`, type Message): `role`, `content`
(str), `thinking`, `images` (list; a plain count is allowed where no image is needed),
`tool_calls` (`id`, `function`: `name`, `arguments`), `tool_name`, `tool_call_id`.
`to_huggingface` turns messages into what `apply_chat_template` is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import UsageError
from .file_kinds import kind_of_json
from .files import parse_json, read_bounded
from .near_words import near_word

Message = Mapping[str, Any]
Tool = Mapping[str, Any]

CATEGORIES = ("chat", "tools", "thinking", "images")
_KEYS = {"id", "category", "messages", "tools", "think", "system", "prompt", "description"}
MOST_IMAGES = 1000
"""The most that a message counts: each becomes a part of it, and no engine takes as many."""
# Ollama's api/types.go, type Message.
_MESSAGE_KEYS = ("role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id")
# What other interfaces call them.
_MEANT = {
    "reasoning_content": "thinking",
    "reasoning": "thinking",
    "name": "tool_name",
    "image": "images",
    "image_url": "images",
    "text": "content",
    "id": "tool_call_id",
}


@dataclass(frozen=True)
class Conversation:
    """A probe: messages and what goes with them in one /api/chat request.

    think: None (not in the request), True, False, or "low", "medium", "high".
    category: one of `CATEGORIES`, worked out from the content unless given.
    """

    id: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] | None = None
    think: bool | str | None = None
    category: str = field(default="")

    def __post_init__(self) -> None:
        if not self.category:
            object.__setattr__(self, "category", _category(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, default_id: str = "conversation") -> Conversation:
        """Checks the shape (not the meaning) of a conversation read from JSON or YAML.

        Raises UsageError that names the conversation, the key, what was found and what was expected.
        """
        if not isinstance(data, Mapping):
            raise UsageError(
                f"conversation {default_id!r} is {_kind(data)}, expected an object",
                help="a conversation is an object with `messages`",
            )
        ident = str(data.get("id", default_id))
        unknown = set(data) - _KEYS
        if unknown:
            key = sorted(unknown)[0]
            raise UsageError(
                f"conversation {ident!r}: unknown key {key!r}", help=_known(key, sorted(_KEYS), {})
            )
        messages = check_messages(data.get("messages"), where=f"conversation {ident!r}")
        tools = data.get("tools")
        if tools is not None and not (isinstance(tools, list) and all(isinstance(t, Mapping) for t in tools)):
            raise UsageError(f"conversation {ident!r}: `tools` is {_kind(tools)}, expected a list of objects")
        for i, tool in enumerate(tools or ()):
            key = next((key for key in ("messages", "role") if key in tool), "")
            if key and "function" not in tool:
                raise UsageError(
                    f"conversation {ident!r}: tool {i} has {key!r}, a key of conversations and messages",
                    help='a tool is {"type": "function", "function": {"name": …, "parameters": …}}',
                )
        think = data.get("think")
        if not (think is None or isinstance(think, (bool, str))):
            raise UsageError(
                f"conversation {ident!r}: `think` is {_kind(think)}, expected true, false or a level"
            )
        return cls(
            ident, tuple(messages), tuple(tools) if tools else None, think, str(data.get("category") or "")
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape that `from_dict` reads."""
        return {
            "id": self.id,
            "category": self.category,
            "messages": [dict(m) for m in self.messages],
            "tools": [dict(t) for t in self.tools] if self.tools else None,
            "think": self.think,
        }


def check_messages(value: Any, *, where: str) -> list[Message]:
    """Checks the shape of messages: mappings whose role is a string and whose content is text or absent."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise UsageError(f"{where}: `messages` is {_kind(value)}, expected a list of messages")
    for i, m in enumerate(value):
        if not isinstance(m, Mapping):
            raise UsageError(f"{where}: message {i} is {_kind(m)}, expected an object with role and content")
        unknown = [key for key in m if key not in _MESSAGE_KEYS]
        if unknown:
            key = str(unknown[0])
            raise UsageError(
                f"{where}: message {i}: unknown key {key!r}, which would not reach the model",
                help=_known(key, _MESSAGE_KEYS, _MEANT),
            )
        if not isinstance(m.get("role"), str):
            raise UsageError(f"{where}: message {i}: `role` is {_kind(m.get('role'))}, expected a string")
        if not isinstance(m.get("content", ""), (str, list, type(None))):
            raise UsageError(f"{where}: message {i}: `content` is {_kind(m['content'])}, expected a string")
        calls = m.get("tool_calls")
        if not isinstance(calls, (list, tuple, type(None))):
            raise UsageError(f"{where}: message {i}: `tool_calls` is {_kind(calls)}, expected a list")
        images = m.get("images")
        if not isinstance(images, (list, tuple, int, type(None))) or isinstance(images, bool):
            raise UsageError(f"{where}: message {i}: `images` is {_kind(images)}, expected a list or a count")
        if isinstance(images, int) and not 0 <= images <= MOST_IMAGES:
            raise UsageError(f"{where}: message {i}: `images` counts from 0 to {MOST_IMAGES:,}")
    return list(value)


def _known(key: str, known: Sequence[str], meant: Mapping[str, str]) -> str:
    near = meant.get(key.lower()) or near_word(key.lower(), known)
    return (f"did you mean {near!r}? " if near else "") + f"known keys are {', '.join(known)}"


def load_conversations(path: Path) -> list[Conversation]:
    """Reads a JSON file: a list of messages, one conversation, or a list of conversations.

    A file that holds only messages becomes one conversation named after the file.
    """
    expected = "expected a list of messages, or an object with `messages`"
    data = read_bounded(path, "conversations")
    return conversations_from(parse_json(data, str(path), help=expected), default_id=path.stem)


def conversations_from(data: Any, *, default_id: str) -> list[Conversation]:
    """Conversations from parsed JSON or YAML in any of the shapes `load_conversations` reads."""
    if isinstance(data, Mapping):
        if "messages" not in data and (kind := kind_of_json(data)):
            raise UsageError(f"this is {kind.what}, expected messages or conversations", help=kind.taken_by)
        return [Conversation.from_dict(data, default_id=default_id)]
    if not isinstance(data, list):
        raise UsageError(
            f"found {_kind(data)}, expected a list of messages or conversations",
            help='for example [{"role": "user", "content": "Hi"}]',
        )
    if data and all(isinstance(c, Mapping) and "messages" in c for c in data):
        return [Conversation.from_dict(c, default_id=f"{default_id}-{i}") for i, c in enumerate(data)]
    return [Conversation.from_dict({"id": default_id, "messages": data})]


def image_count(message: Message) -> int:
    """How many images a message carries (`images` may be a list or a count)."""
    images = message.get("images")
    if images is None:
        return 0
    return images if isinstance(images, int) else len(images)


def to_huggingface(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as `apply_chat_template` is given them.

    Images become `{"type": "image"}` parts before the text part, `thinking` becomes
    `reasoning_content`, `tool_name` becomes `name`; a tool call gets its `type`. Everything else,
    and content that is already a list of parts, stays as it is.
    """
    return [_huggingface_message(m) for m in messages]


def _huggingface_message(message: Message) -> dict[str, Any]:
    out = {k: v for k, v in message.items() if k not in ("images", "thinking", "tool_name")}
    if thinking := message.get("thinking"):
        out["reasoning_content"] = thinking
    if name := message.get("tool_name"):
        out["name"] = name
    if calls := message.get("tool_calls"):
        out["tool_calls"] = [{"type": "function", **c} if isinstance(c, Mapping) else c for c in calls]
    if images := image_count(message):
        text = message.get("content") or ""
        out["content"] = [{"type": "image"}] * images + [{"type": "text", "text": text}]
    return out


def _category(conversation: Conversation) -> str:
    if any(image_count(m) for m in conversation.messages):
        return "images"
    messages = conversation.messages
    if conversation.tools or any(m.get("tool_calls") or m.get("role") == "tool" for m in messages):
        return "tools"
    if conversation.think is not None or any(m.get("thinking") for m in conversation.messages):
        return "thinking"
    return "chat"


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value)) or (
        "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}"
    )
