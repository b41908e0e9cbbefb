"""How Ollama splits a model's reply where no PARSER is set: thinking, content and tool calls.

Sources (Ollama 0.12.6 to 0.33; what was before is taken for 0.12.6): thinking/parser.go,
tools/tools.go, server/routes.go (ChatHandler). Whether a reply is parsed at all hangs on the tags
that `inference` finds in the TEMPLATE.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from .inference import GO_SPACE
from .reply_types import Reply, ToolCall
from .versions import Target

_LOOKING, _STARTED, _THINKING, _AFTER, _DONE = range(5)


class ThinkingParser:
    """Splits a streamed reply at the thinking tags; both tags are non-empty texts."""

    def __init__(self, opening: str, closing: str) -> None:
        self.opening = opening
        self.closing = closing
        self._state = _LOOKING
        self._held = ""

    def add(self, chunk: str) -> tuple[str, str]:
        """The thinking and the content that can be told apart by now; the rest is held back."""
        self._held += chunk
        thinking: list[str] = []
        content: list[str] = []
        again = True
        while again:
            thought, text, again = self._eat()
            thinking.append(thought)
            content.append(text)
        return "".join(thinking), "".join(content)

    def _eat(self) -> tuple[str, str, bool]:
        if self._state == _LOOKING:
            return self._look()
        held, self._held = self._held, ""
        if self._state == _STARTED:
            self._held = held.lstrip(GO_SPACE)
            if self._held:
                self._state = _THINKING
            return "", "", bool(self._held)
        if self._state == _THINKING:
            return self._think(held)
        if self._state == _AFTER:
            held = held.lstrip(GO_SPACE)
            if held:
                self._state = _DONE
        return "", held, False

    def _look(self) -> tuple[str, str, bool]:
        trimmed = self._held.lstrip(GO_SPACE)
        if trimmed.startswith(self.opening):
            self._held = trimmed[len(self.opening) :].lstrip(GO_SPACE)
            self._state = _THINKING if self._held else _STARTED
            return "", "", True
        if self.opening.startswith(trimmed):
            return "", "", False
        held, self._held = self._held, ""
        self._state = _DONE
        return "", held, False

    def _think(self, held: str) -> tuple[str, str, bool]:
        thought, closed, rest = held.partition(self.closing)
        if closed:
            rest = rest.lstrip(GO_SPACE)
            self._state = _DONE if rest else _AFTER
            return thought, rest, False
        keep = _overlap(held, self.closing)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep], "", False


def split_thinking(text: str, opening: str, closing: str) -> tuple[str, str]:
    """A whole text's thinking and content; what is held back at the end is lost, as in Ollama."""
    return ThinkingParser(opening, closing).add(text)


def _overlap(text: str, tag: str) -> int:
    """Length of the longest end of `text` with which `tag` begins."""
    return next((k for k in range(min(len(text), len(tag)), 0, -1) if text.endswith(tag[:k])), 0)


class ToolParser:
    """Finds tool calls in a streamed reply: after the tag, a known tool's name and a JSON object."""

    def __init__(self, tag: str, names: Sequence[str], target: str | Target = "latest") -> None:
        target = Target.parse(target)
        self.tag = tag
        self.names = list(names)
        self._named_key = target.has("tool_named_key")
        self._sees_strings = target.has("tool_json_strings")
        self._held = ""
        self._calls = 0
        self._state = "looking"

    def add(self, chunk: str) -> tuple[list[ToolCall], str]:
        """The calls that are complete by now and the content that is none."""
        if self._state == "done":
            return [], chunk
        self._held += chunk
        content = ""
        if self._state == "looking":
            at, found = self._find_tag()
            content, self._held = self._held[:at], self._held[at:]
            if self.tag in ("{", "[") and content.strip(GO_SPACE):
                self._state = "done"
                return [], content + self._held
            if not found:
                return [], content
            self._state = "calling"
        calls: list[ToolCall] = []
        while (call := self._next_call()) is not None:
            calls.append(call)
        if self._balanced():
            self._state = "done"
            content, self._held = self._held, ""
        return calls, content

    def content(self) -> str:
        """What is left at the end and belongs to the user: JSON in which no call was found."""
        return self._held if not self._calls and self.tag in ("{", "[") else ""

    def _find_tag(self) -> tuple[int, bool]:
        at = self._held.find(self.tag)
        if at >= 0:
            return at, True
        return len(self._held) - _overlap(self._held, self.tag), False

    def _next_call(self) -> ToolCall | None:
        name, end = self._find_name()
        if name is None:
            return None
        arguments, last = _find_arguments(self._held, name if self._named_key else None)
        if arguments is None:
            return None
        self._calls += 1
        self._held = self._held[max(end, last) :]
        return ToolCall(name, arguments, self._calls - 1)

    def _find_name(self) -> tuple[str | None, int]:
        """The first tool's name, the longest at its place; none while the end may begin another."""
        held = self._held
        longest = max((len(name.encode()) for name in self.names), default=0)
        for length in range(1, min(len(held), longest) + 1):
            tail = held[-length:]
            if any(len(tail) < len(name) and name.startswith(tail) for name in self.names):
                return None, 0
        places = [(held.find(name), -len(name.encode()), name) for name in self.names if name in held]
        if not places or not held:
            return None, 0
        at, _, name = min(places, key=lambda p: p[:2])
        return name, at + len(name)

    def _balanced(self) -> bool:
        """Whether a bare JSON tag's first object or list is complete, so that the search ends."""
        closing = {"{": "}", "[": "]"}.get(self.tag)
        if closing is None:
            return False
        depth = 0
        looked_at = _outside_strings if self._sees_strings else _braces
        for _, char in looked_at(self._held):
            if char == self.tag:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    return True
        return False


# Whatever changes the depth, or whether braces count.
_MARK = re.compile(r"\\.|[\"{}\[\]]", re.DOTALL)
_BRACE = re.compile(r"[{}\[\]]")


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """Braces outside JSON strings with their places; a backslash hides the next character anywhere."""
    quoted = False
    for mark in _MARK.finditer(text):
        char = mark.group()
        if char == '"':
            quoted = not quoted
        elif not quoted and len(char) == 1:
            yield mark.start(), char


def _braces(text: str) -> Iterator[tuple[int, str]]:
    """All braces with their places."""
    return ((mark.start(), mark.group()) for mark in _BRACE.finditer(text))


def _find_arguments(text: str, key: str | None) -> tuple[Mapping[str, Any] | None, int]:
    """The first JSON object that can be arguments, and the place of its last brace.

    key: the tool's name where arguments may stand under it.
    """
    start, depth = -1, 0
    for i, char in _outside_strings(text):
        if char == "{":
            if depth == 0:
                start = i
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0 and start != -1:
                data = _load(text[start : i + 1])
                if data is None:
                    start = -1
                    continue
                found, arguments = _search(data, key)
                if not found:
                    return data, i
                return arguments, i
            depth = max(depth, 0)
    return None, 0


def _search(data: Mapping[str, Any], key: str | None) -> tuple[bool, Mapping[str, Any] | None]:
    """Arguments inside an object: next to a "name", under the tool's own name, or deeper."""
    if "name" in data:
        return True, _first(data, "arguments", "parameters")
    own = _mapping(data.get(key)) if key is not None else None
    if own is not None:
        return True, own
    for value in data.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict):
                found, arguments = _search(child, key)
                if found:
                    return True, arguments
    return False, None


def _first(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any] | None:
    return next((m for key in keys if (m := _mapping(data.get(key))) is not None), None)


def _mapping(value: Any) -> Mapping[str, Any] | None:
    """An object, or the object that a text holds as JSON."""
    if isinstance(value, dict):
        return value
    return _load(value) if isinstance(value, str) else None


def _load(text: str) -> dict[str, Any] | None:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        data = json.loads(text, parse_int=float, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


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
    whether thinking is on; tools: those of the request.
    """
    thinker = ThinkingParser(opening, closing) if think and opening and closing else None
    if thinker and prompt.strip(GO_SPACE).endswith(opening):
        thinker.add(opening)
    names = [t["function"]["name"] for t in tools or ()]
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
    return Reply("".join(thinking), "".join(content), tuple(found))
