"""How Ollama splits a model's reply where no PARSER is set: thinking, content and tool calls.

Sources (Ollama 0.12.6 to 0.33; what was before is taken for 0.12.6): thinking/parser.go,
tools/tools.go, server/routes.go (ChatHandler). Whether a reply is parsed at all hangs on the tags
that `inference` finds in the TEMPLATE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .api_values import require_tools
from .inference import GO_SPACE
from .parsers.go_json import read_object
from .parsers.go_text import decode, encode, joined, overlap, trim, trim_left
from .reply_types import Reply, ReplyError, ToolCall
from .versions import Target

_LOOKING, _STARTED, _THINKING, _AFTER, _DONE = range(5)


class ThinkingParser:
    """Splits a streamed reply at the thinking tags; both tags are non-empty texts."""

    def __init__(self, opening: str, closing: str) -> None:
        self.opening = opening
        self.closing = closing
        self._tags = encode(opening), encode(closing)
        self._state = _LOOKING
        self._held = b""

    def add(self, chunk: str) -> tuple[str, str]:
        """The thinking and the content that can be told apart by now; the rest is held back."""
        self._held += encode(chunk)
        thinking = content = b""
        again = True
        while again:
            thought, text, again = self._eat()
            thinking += thought
            content += text
        return decode(thinking), decode(content)

    def _eat(self) -> tuple[bytes, bytes, bool]:
        if self._state == _LOOKING:
            return self._look()
        held, self._held = self._held, b""
        if self._state == _STARTED:
            self._held = trim_left(held)
            if self._held:
                self._state = _THINKING
            return b"", b"", bool(self._held)
        if self._state == _THINKING:
            return self._think(held)
        if self._state == _AFTER:
            held = trim_left(held)
            if held:
                self._state = _DONE
        return b"", held, False

    def _look(self) -> tuple[bytes, bytes, bool]:
        opening = self._tags[0]
        trimmed = trim_left(self._held)
        if trimmed.startswith(opening):
            self._held = trim_left(trimmed[len(opening) :])
            self._state = _THINKING if self._held else _STARTED
            return b"", b"", True
        if opening.startswith(trimmed):
            return b"", b"", False
        held, self._held = self._held, b""
        self._state = _DONE
        return b"", held, False

    def _think(self, held: bytes) -> tuple[bytes, bytes, bool]:
        closing = self._tags[1]
        thought, closed, rest = held.partition(closing)
        if closed:
            rest = trim_left(rest)
            self._state = _DONE if rest else _AFTER
            return thought, rest, False
        cut = len(held) - overlap(held, closing)
        self._held = held[cut:]
        return held[:cut], b"", False


def split_thinking(text: str, opening: str, closing: str) -> tuple[str, str]:
    """A whole text's thinking and content; what is held back at the end is lost, as in Ollama."""
    return ThinkingParser(opening, closing).add(text)


class ToolParser:
    """Finds tool calls in a streamed reply: after the tag, a known tool's name and a JSON object.

    Where several objects inside of one fit, Ollama takes any of them (Go's maps have no order); this takes
    the first.
    """

    def __init__(self, tag: str, names: Sequence[str], target: str | Target = "latest") -> None:
        target = Target.parse(target)
        self.tag = tag
        self.names = list(names)
        self._tag = encode(tag)
        self._names = [encode(name) for name in names]
        self._named_key = target.has("tool_named_key")
        self._sees_strings = target.has("tool_json_strings")
        self._held = b""
        self._calls = 0
        self._state = "looking"

    def add(self, chunk: str) -> tuple[list[ToolCall], str]:
        """The calls that are complete by now and the content that is none."""
        if self._state == "done":
            return [], chunk
        self._held += encode(chunk)
        content = b""
        if self._state == "looking":
            at, found = self._find_tag()
            content, self._held = self._held[:at], self._held[at:]
            if self.tag in ("{", "[") and trim(content):
                self._state = "done"
                return [], decode(content + self._held)
            if not found:
                return [], decode(content)
            self._state = "calling"
        calls: list[ToolCall] = []
        while (call := self._next_call()) is not None:
            calls.append(call)
        if self._balanced():
            self._state = "done"
            content, self._held = self._held, b""
        return calls, decode(content)

    def content(self) -> str:
        """What is left at the end and belongs to the user: JSON in which no call was found."""
        return decode(self._held) if not self._calls and self.tag in ("{", "[") else ""

    def _find_tag(self) -> tuple[int, bool]:
        at = self._held.find(self._tag)
        if at >= 0:
            return at, True
        return len(self._held) - overlap(self._held, self._tag), False

    def _next_call(self) -> ToolCall | None:
        name, end = self._find_name()
        if name is None:
            return None
        arguments, last = _find_arguments(self._held, decode(name) if self._named_key else None)
        if arguments is None:
            return None
        self._calls += 1
        self._held = self._held[max(end, last) :]
        return ToolCall(decode(name), arguments, self._calls - 1)

    def _find_name(self) -> tuple[bytes | None, int]:
        """The first tool's name, the longest at its place; none while the end may begin another."""
        held = self._held
        longest = max((len(name) for name in self._names), default=0)
        for length in range(1, min(len(held), longest) + 1):
            tail = held[-length:]
            if any(len(tail) < len(name) and name.startswith(tail) for name in self._names):
                return None, 0
        places = [(held.find(name), -len(name), name) for name in self._names if name in held]
        if not places or not held:
            return None, 0
        at, _, name = min(places, key=lambda p: p[:2])
        return name, at + len(name)

    def _balanced(self) -> bool:
        """Whether a bare JSON tag's first object or list is complete, so that the search ends."""
        closing = {"{": b"}", "[": b"]"}.get(self.tag)
        if closing is None:
            return False
        depth = 0
        looked_at = _outside_strings if self._sees_strings else _braces
        for _, char in looked_at(self._held):
            if char == self._tag:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    return True
        return False


# Whatever changes the depth, or whether braces count.
_MARK = re.compile(rb"\\.|[\"{}\[\]]", re.DOTALL)
_BRACE = re.compile(rb"[{}\[\]]")


def _outside_strings(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Braces outside JSON strings with their places; a backslash hides the next byte anywhere."""
    quoted = False
    for mark in _MARK.finditer(text):
        char = mark.group()
        if char == b'"':
            quoted = not quoted
        elif not quoted and len(char) == 1:
            yield mark.start(), char


def _braces(text: bytes) -> Iterator[tuple[int, bytes]]:
    """All braces with their places."""
    return ((mark.start(), mark.group()) for mark in _BRACE.finditer(text))


def _find_arguments(text: bytes, key: str | None) -> tuple[Mapping[str, Any] | None, int]:
    """The first JSON object that can be arguments, and the place of its last brace.

    key: the tool's name where arguments may stand under it.
    """
    start, depth = -1, 0
    for i, char in _outside_strings(text):
        if char == b"{":
            if depth == 0:
                start = i
            depth += 1
        elif char == b"}":
            depth -= 1
            if depth == 0 and start != -1:
                try:
                    data = read_object(text[start : i + 1])
                except ReplyError:
                    start = -1
                    continue
                found, arguments = _search(data or {}, key)
                return (arguments if found else data), i
            depth = max(depth, 0)
    return None, 0


def _search(data: Mapping[str, Any], key: str | None) -> tuple[bool, Mapping[str, Any] | None]:
    """Arguments inside an object: next to a "name", under the tool's own name, or deeper."""
    named = "name" in data
    for place in ("arguments", "parameters") if named else () if key is None else (key,):
        found, arguments = _mapping(data.get(place))
        if found:
            return True, arguments
    if named:
        return True, None
    for value in data.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict):
                found, arguments = _search(child, key)
                if found:
                    return True, arguments
    return False, None


def _mapping(value: Any) -> tuple[bool, Mapping[str, Any] | None]:
    """An object, or what a text holds as JSON: an object, or None for `null`."""
    if isinstance(value, dict):
        return True, value
    if not isinstance(value, str):
        return False, None
    try:
        return True, read_object(encode(value))
    except ReplyError:
        return False, None


def split_reply(
    reply: str | Iterable[str],
    *,
    opening: str = "",
    closing: str = "",
    tool_tag: str = "{",
    prompt: str = "",
    think: bool = False,
    tools: Sequence[Mapping[str, Any]] | None = None,
    target: str | Target = "latest",
) -> Reply:
    """What becomes of a model's whole reply.

    reply: the text, or the pieces in which the engine gives it (a text comes character by
    character). opening, closing, tool_tag: what `inference` found in the TEMPLATE. prompt: the
    rendered prompt; one that ends with the opening tag makes the reply start in thinking. think:
    whether thinking is on; tools: those of the request. Raises PromptError for tools that the server
    refuses: no reply follows them.
    """
    thinker = ThinkingParser(opening, closing) if think and opening and closing else None
    if thinker and prompt.strip(GO_SPACE).endswith(opening):
        thinker.add(opening)
    names = require_tools(tools, Target.parse(target))
    finder = ToolParser(tool_tag, names, target) if tools else None
    thinking: list[str] = []
    content: list[str] = []
    found: list[ToolCall] = []
    for piece in (*reply, None):  # the last answer of the engine holds no text
        thought, text = thinker.add(piece or "") if thinker else ("", piece or "")
        if thinker and not thought and not text and piece is not None:
            continue
        if finder:
            calls, rest = finder.add(text)
            if rest or calls:
                text = rest
                found += [] if rest else calls  # calls next to content of one piece are lost
            elif not thought:
                text = "" if piece is not None else finder.content()
        thinking.append(thought)
        content.append(text)
    return Reply(joined(thinking), joined(content), tuple(found))
