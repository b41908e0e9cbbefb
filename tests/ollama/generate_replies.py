"""Generated replies for the tag readers: where no PARSER is set, the TEMPLATE's tags split a reply."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.ollama.parsers.generate import Writer

_THOUGHTS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel>thought\n", "<channel|>"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("aab", "aaab"),
    ("", ""),
)
_CALLS = (
    *("", "<tool_call>", "[TOOL_CALLS] [", "[", "<\uff5ctool\u2581call\u2581begin\uff5c>", "<|tool_call|>"),
    *("Action: ", "functools[", "``"),
)
TEMPLATES = tuple(
    (
        opening,
        closing,
        tag,
        f"{{{{ range .Messages }}}}{{{{ if .Thinking }}}}{opening}{{{{ .Thinking }}}}{closing}{{{{ end }}}}"
        f"{{{{ if .ToolCalls }}}}{tag}{{{{ range .ToolCalls }}}}{{{{ .Function }}}}{{{{ end }}}}{{{{ end }}}}"
        "{{ end }}{{ .Tools }}",
    )
    for opening, closing in _THOUGHTS
    for tag in _CALLS
)
_NAMES = ("get", "get_weather", "getter", "web.search", "gr\u00fc\u00df", "e", "name", "arguments", "")


@dataclass(frozen=True)
class TagCase:
    """One reply: the TEMPLATE, the tools' names, whether thinking is on, the prompt, the pieces."""

    template: str
    names: list[str]
    think: bool
    prompt: str
    pieces: list[bytes]


def _call(w: Writer, name: str) -> str:
    arguments: Any = w.arguments()
    shape: Any = {"name": name, w.pick(("arguments", "arguments", "parameters")): arguments}
    how = w.some(15)
    if how == 0:
        shape = {name: arguments}
    elif how == 1:
        shape = {"type": "function", "function": shape}
    elif how == 2:
        shape = [shape, {"x": [shape, 1]}]
    elif how == 3:
        shape = {"name": name, "arguments": json.dumps(arguments)}
    elif how == 4:
        shape = {
            "name": name,
            "arguments": w.pick((None, "null", "x", 5, [arguments])),
            "parameters": arguments,
        }
    elif how == 5:
        return f"{name}{w.json(arguments)}"
    elif how == 6:
        shape = {name: w.pick(("null", "{}", '{"a": 1}', None, 1)), "x": {name: arguments}}
    elif how == 7:
        shape = {"name": name}
    return w.json(shape)


def _reply(w: Writer, opening: str, closing: str, tag: str, names: list[str]) -> str:
    marks = [mark for mark in (opening, closing, tag, "{", "}", "[", "]", '"', "\\", *_NAMES) if mark]
    if w.odds(0.15):
        return "".join(w.pick(marks) if w.odds(0.6) else w.words(2) for _ in range(w.some(12)))
    text = w.pick((opening, opening, f" \n{opening}", f"{opening}\n", "")) + w.words() if w.odds(0.6) else ""
    text += w.space() + (closing if w.odds(0.8) else "") + w.space() if text else ""
    text += w.words() if w.odds(0.5) else ""
    for _ in range(w.pick((0, 1, 1, 2, 3))):
        text += (tag if w.odds(0.8) else "") + w.space() + _call(w, w.pick(names or _NAMES)) + w.space()
    if w.odds(0.3):
        text += w.pick(("]", "</tool_call>", "}", w.words()))
    while w.odds(0.3):
        text = w.damaged(text)
    if w.odds(0.1):
        text = text.replace("1", w.pick(("1e999", "-0", "1.")), 1)
    return text


def tag_cases(seed: int, count: int) -> Iterator[TagCase]:
    """As many cases as asked for."""
    w = Writer(random.Random(seed))
    for i in range(count):
        opening, closing, tag, template = TEMPLATES[i % len(TEMPLATES)]
        names = [w.pick(_NAMES) for _ in range(w.some(3))]
        text = _reply(w, opening, closing, tag, names)
        prompt = f"x {opening}\n" if w.odds(0.3) else "x"
        yield TagCase(template, names, w.odds(0.7), prompt, w.pieces(text))
