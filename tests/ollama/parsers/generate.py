"""Generated replies for the parsers: what models write, changed at random, and any text at all.

Everything hangs on the seed alone. A case is a parser's name, a request and the pieces of a reply.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelfile_kit.ollama.parsers import READERS

NAMES = tuple(READERS)


@dataclass(frozen=True)
class Case:
    """One reply: what the parser is told, the pieces as bytes; together: the end comes with the last."""

    name: str
    tools: list[dict[str, Any]] | None
    last: dict[str, str] | None
    think: bool | str | None
    pieces: list[bytes]
    together: bool = False


def _tool(name: str, properties: dict[str, Any] | None, required: Sequence[str] = ()) -> dict[str, Any]:
    parameters: dict[str, Any] = {"type": "object", "required": list(required)}
    if properties is not None:
        parameters["properties"] = properties
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": parameters}}


TOOLS = (
    _tool(
        "get_weather",
        {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "share": {"type": "number"},
            "metric": {"type": "boolean"},
        },
        ["city"],
    ),
    _tool(
        "read",
        {
            "path": {"type": ["string", "null"]},
            "lines": {"type": "array"},
            "options": {"type": "object"},
            "any": {"anyOf": [{"type": "integer"}, {"type": ["boolean", "string"]}]},
        },
    ),
    _tool("web.search", {"query": {}, "k": {"type": ["integer", "number"]}}, ["query", "k"]),
    _tool("x", None),
    _tool("gr\u00fc\u00df dich", {"\u00fc": {"type": "String"}}),
    _tool("get", {"city": {"anyOf": [{"type": "number"}, {"type": "object"}]}}),
    _tool(" edit ", {"a": {"type": "array"}, "b": {"type": "object"}}),
)
_DECLARED: dict[str, list[str]] = {
    tool["function"]["name"]: list(tool["function"]["parameters"].get("properties", ())) for tool in TOOLS
}
# Names, texts and the marks of every family; any mark may turn up in the replies of another family.
_DATA: dict[str, list[str]] = json.loads((Path(__file__).parent / "words.json").read_text(encoding="ascii"))
_CALLED, _KEYS, _WORDS, _TEXTS, _RAW_NUMBERS, _ODD = (
    _DATA[name] for name in ("called", "keys", "words", "texts", "raw numbers", "odd")
)
_MARKS = {
    name.removeprefix("marks of "): marks for name, marks in _DATA.items() if name.startswith("marks of ")
}
_NUMBERS = (
    0,
    1,
    -1,
    2147483648,
    9007199254740993,
    1.5,
    -2.25,
    1e21,
    1e-7,
    123456789012345678901234567890,
    0.0,
)

_FAMILY = {
    **dict.fromkeys(("qwen3", "qwen3-thinking", "qwen3-vl-instruct", "qwen3-vl-thinking"), "qwen"),
    **dict.fromkeys(("qwen3.5", "ornith", "qwen3-coder", "nemotron-3-nano", "nemotron-3.5-nano"), "qwen"),
    **dict.fromkeys(("glm-4.7", "glm-ocr", "laguna", "poolside-v1"), "glm"),
    **dict.fromkeys(("deepseek3", "cogito"), "deepseek"),
    **dict.fromkeys(("gemma4", "gemma4-no-thinking"), "gemma"),
    **dict.fromkeys(("olmo3", "olmo3-think"), "olmo"),
    **dict.fromkeys(("lfm2", "lfm2-thinking"), "lfm"),
    **{name: name for name in ("harmony", "functiongemma", "ministral", "cohere", "glimmer")},
    "passthrough": "qwen",
}


class Writer:
    """Writes replies with the help of one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def pick(self, items: Sequence[Any]) -> Any:
        return items[int(self.chance.random() * len(items))]

    def some(self, most: int) -> int:
        return int(self.chance.random() * (most + 1))

    def odds(self, share: float) -> bool:
        return self.chance.random() < share

    def words(self, most: int = 6) -> str:
        return "".join(self.pick(_WORDS) for _ in range(self.some(most)))

    def value(self, depth: int = 0) -> Any:
        kind = self.some(7 if depth < 3 else 5)
        if kind <= 2:
            return self.pick(_TEXTS) if self.odds(0.8) else self.words()
        if kind == 3:
            return self.pick(_NUMBERS)
        if kind == 4:
            return self.pick((True, False, None))
        if kind == 5:
            return self.words(3)
        if kind == 6:
            return [self.value(depth + 1) for _ in range(self.some(3))]
        return {self.pick(_KEYS): self.value(depth + 1) for _ in range(self.some(3))}

    def arguments(self, tool: str = "") -> dict[str, Any]:
        """Arguments, mostly those that the tool declares."""
        keys = [key for key in _DECLARED.get(tool, ()) if self.odds(0.7)]
        if not keys or self.odds(0.3):
            keys = [self.pick(_KEYS) for _ in range(self.some(3))]
        return {key: self.value() for key in keys}

    def json(self, value: Any) -> str:
        """JSON as models write it, now and then with a fault."""
        text = json.dumps(
            value, ensure_ascii=self.odds(0.3), separators=self.pick(((", ", ": "), (",", ":")))
        )
        if self.odds(0.05):
            text = json.dumps(value, indent=2, ensure_ascii=False)
        if self.odds(0.08):
            text = self.damaged(text)
        if self.odds(0.04):
            text = text.replace("1", self.pick(_RAW_NUMBERS), 1)
        return text

    def damaged(self, text: str) -> str:
        at = self.some(len(text))
        how = self.some(3)
        if how == 0:
            return text[:at] + text[at + 1 + self.some(3) :]
        if how == 1:
            return text[:at] + self.pick(_WORDS) + text[at:]
        if how == 2:
            return text[:at]
        other = self.some(len(text))
        return text[: min(at, other)] + text[max(at, other) :]

    def space(self) -> str:
        return self.pick(("", "", "", "\n", " ", "\n\n", "\u2003"))

    def plain(self, value: Any) -> str:
        """A value as text without quotes, where it is one."""
        if self.odds(0.15):
            return self.pick(_RAW_NUMBERS)
        return value if isinstance(value, str) else self.json(value)

    def python(self, value: Any) -> str:
        if isinstance(value, str) and self.odds(0.1):
            return value
        text = repr(value) if self.odds(0.6) else json.dumps(value, ensure_ascii=False)
        return self.pick(_RAW_NUMBERS) if self.odds(0.08) else text

    def pieces(self, text: str) -> list[bytes]:
        """The reply in pieces: whole, by characters, or cut anywhere."""
        how = self.some(9)
        if how == 0:
            return [text.encode("utf-8", "replace")]
        if how == 1 and len(text) < 400:
            return [char.encode("utf-8", "replace") for char in text]
        data = text.encode("utf-8", "replace")
        if how == 2 and self.odds(0.5):
            # Anywhere, also inside of characters, and with bytes that are no UTF-8.
            if self.odds(0.3):
                at = self.some(len(data))
                data = (
                    data[:at]
                    + bytes([self.pick((0x80, 0xA0, 0x85, 0xC3, 0xE2, 0xFF, 0xF0, 0xED))])
                    + data[at:]
                )
            return _cut(data, [self.some(len(data)) for _ in range(self.some(12))])
        places = [self.some(len(text)) for _ in range(self.some(12))]
        if how == 3:
            size = 2 + self.some(6)
            places = list(range(0, len(text), size))
        return [part.encode("utf-8", "replace") for part in _cut(text, places)]


Call = tuple[str, dict[str, Any]]


def _json_call(w: Writer, call: Call) -> str:
    name, arguments = call
    shape: dict[str, Any] = {"name": name, "arguments": arguments}
    if w.odds(0.05):
        shape = w.pick(
            (
                {"name": name},
                {"Name": name, "ARGUMENTS": arguments},
                {"name": name, "arguments": None},
                {"name": name, "arguments": [1]},
                {"name": 5},
                {"index": 3, **shape},
                {"argument\u017f": arguments},
                {"index": "x", **shape},
                {"index": 1.5, **shape},
                {"index": None, "name": None},
            )
        )
    text = w.json(shape)
    if w.odds(0.03):
        text = text[:-1] + ', "name": "x", "arguments": {"a": 1, "b": 2, "a": 3}}'
    if w.odds(0.02):
        text = text.replace('"city"', '"\\ud800"')
    return text


def _qwen3(w: Writer, call: Call) -> str:
    return f"<tool_call>{w.space()}{_json_call(w, call)}{w.space()}</tool_call>"


def _coder(w: Writer, call: Call) -> str:
    name, arguments = call
    lines = [f"<parameter={k}>{w.space()}{w.plain(v)}{w.space()}</parameter>" for k, v in arguments.items()]
    inner = "\n".join([f"<function={name}>", *lines, "</function>"])
    return f"<tool_call>{w.space()}{inner}{w.space()}</tool_call>"


def _glm(w: Writer, call: Call) -> str:
    name, arguments = call
    between = w.space()
    parts = [
        f"<arg_key>{k}</arg_key>{between}<arg_value>{w.plain(v)}</arg_value>{between}"
        for k, v in arguments.items()
    ]
    text = f"{name}{between}{''.join(parts)}"
    if w.odds(0.15):
        text = text.replace(
            w.pick(("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")), "", 1 + w.some(1)
        )
    return f"<tool_call>{text}</tool_call>"


def _laguna(w: Writer, call: Call) -> str:
    how = w.some(5)
    if how == 0:
        return _json_call(w, call)
    if how == 1:
        return f"<tool_call>{_json_call(w, call)}</tool_call>"
    if how == 2:
        text = _glm(w, call) if w.odds(0.7) else f"<tool_call>{_json_call(w, call)}</tool_call>"
        return text.replace("<tool_call>", "<user>").replace("</tool_call>", "</user>")
    if how == 3:
        return f"<tool_call>{call[0]}{w.space()}{w.json(call[1])}</tool_call>"
    return _glm(w, call)


def _deepseek(w: Writer, call: Call) -> str:
    begin, end, sep = (_MARKS["deepseek"][i] for i in (3, 4, 5))
    return f"{begin}{call[0]}{sep}{w.json(call[1])}{end}"


def _cogito(w: Writer, call: Call) -> str:
    begin, end, sep = (_MARKS["deepseek"][i] for i in (3, 4, 5))
    return f"{begin}function{sep}{call[0]}\n```json\n{w.json(call[1])}\n```{end}"


def _gemma_value(w: Writer, value: Any) -> str:
    if isinstance(value, str):
        how = w.some(9)
        if how == 0:
            return f"'{value}'"
        return value if how == 1 else json.dumps(value) if how == 2 else f'<|"|>{value}<|"|>'
    if isinstance(value, list):
        return "[" + ",".join(_gemma_value(w, v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{_gemma_value(w, v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def _gemma(w: Writer, call: Call) -> str:
    text = _gemma_value(w, call[1])
    if w.odds(0.1):
        text = text[: -1 - w.some(5)]
    return f"<|tool_call>call:{call[0]}{text}<tool_call|>"


def _functiongemma(w: Writer, call: Call) -> str:
    def write(value: Any) -> str:
        if isinstance(value, str):
            return f"<escape>{value}<escape>" if w.odds(0.8) else value
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{k}:{write(v)}" for k, v in value.items()) + "}"
        return w.pick(_RAW_NUMBERS) if w.odds(0.3) else json.dumps(value)

    return f"<start_function_call>call:{call[0]}{write(call[1])}<end_function_call>"


def _python_call(w: Writer, call: Call) -> str:
    inside = w.pick((", ", ",")).join(f"{k}={w.python(v)}" for k, v in call[1].items())
    return f"{call[0]}({inside})"


def _ministral(w: Writer, call: Call) -> str:
    return f"[TOOL_CALLS]{call[0]}[ARGS]{w.json(call[1])}"


def _action(w: Writer, call: Call) -> str:
    return w.json({"tool_call_id": "0", "tool_name": call[0], "parameters": call[1]})


def _atem(w: Writer, call: Call) -> str:
    name, arguments = call
    parameters = "\n".join(
        f'<atem:parameter name="{k}">{w.plain(v)}</atem:parameter>' for k, v in arguments.items()
    )
    invoke = f'<atem:invoke name="{name}">\n{parameters}\n</atem:invoke>'
    return f"<atem:function_calls>\n{invoke}\n</atem:function_calls>"


def _harmony(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
    parts = []
    if thought or w.odds(0.5):
        parts.append(f"<|channel|>analysis<|message|>{thought}")
    if content or not calls:
        parts.append(f"<|channel|>{w.pick(('final', 'commentary'))}<|message|>{content}")
    for name, arguments in calls[:2]:
        kind = w.pick((" json", " <|constrain|>json", "<|constrain|>json", ""))
        to = f" to=functions.{name}"
        head = w.pick((f"<|channel|>commentary{to}{kind}", f"{to}<|channel|>commentary{kind}"))
        parts.append(f"{head}<|message|>{w.json(arguments)}")
    return "<|end|><|start|>assistant".join(parts) + w.pick(("", "<|end|>", "<|end|><|start|>"))


def _glimmer(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
    parts = [f" to=self<|message|>{thought}"] if thought or w.odds(0.5) else []
    if content or not calls:
        parts.append(f"{w.pick((' to=user', ''))}<|message|>{content}")
    for call in calls:
        to = w.pick((call[0], call[0], call[0], "user", f"{call[0]}.{call[0]}", "functions"))
        parts.append(f" to={to}<|message|>{_atem(w, call)}")
    return w.pick(("<|eom|><|start|>assistant", "<|start|>assistant")).join(parts) + w.pick(("", "<|eot|>"))


def _cohere(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
    text = f"{thought}<|END_THINKING|>" if thought or w.odds(0.7) else ""
    if content or not calls:
        text += f"<|START_TEXT|>{content}<|END_TEXT|>"
    if calls:
        text += f"<|START_ACTION|>[{w.pick((', ', ' ')).join(_action(w, c) for c in calls)}]<|END_ACTION|>"
    return text + w.pick(("", "<|END_OF_TURN_TOKEN|>"))


def _tagged(
    one: Callable[[Writer, Call], str], before: str = "", after: str = "", between: str = "\n"
) -> Any:
    """A writer of replies: a thought with its tags, content, calls between two texts."""

    def write(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
        text = (
            w.pick(("", "", "<think>", "<think>\n", " <think>")) + thought if thought or w.odds(0.3) else ""
        )
        if text or w.odds(0.3):
            text += w.space() + w.pick(("</think>", "</think>", "</think>", "")) + w.space()
        text += content
        if calls:
            text += w.space() + before + between.join(one(w, c) for c in calls) + after
        return text + (w.space() if w.odds(0.2) else "")

    return write


def _gemma_reply(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
    text = (
        f"<|channel>{w.pick((chr(116) + 'hought' + chr(10), 'thought', ''))}{thought}<channel|>"
        if thought
        else ""
    )
    return text + content + w.pick(("", "<tool_call|>", "<|tool_response>")).join(_gemma(w, c) for c in calls)


def _ministral_reply(w: Writer, thought: str, content: str, calls: Sequence[Call]) -> str:
    text = f"[THINK]{thought}[/THINK]" if thought else ""
    return text + w.space() + content + "".join(_ministral(w, c) for c in calls)


_D = _MARKS["deepseek"]
_REPLIES: dict[str, Callable[[Writer, str, str, Sequence[Call]], str]] = {
    **dict.fromkeys(
        ("qwen3", "qwen3-thinking", "qwen3-vl-instruct", "qwen3-vl-thinking", "passthrough"), _tagged(_qwen3)
    ),
    **dict.fromkeys(
        ("qwen3.5", "ornith", "qwen3-coder", "nemotron-3-nano", "nemotron-3.5-nano"), _tagged(_coder)
    ),
    **dict.fromkeys(("glm-4.7", "glm-ocr"), _tagged(_glm)),
    **dict.fromkeys(("laguna", "poolside-v1"), _tagged(_laguna)),
    "deepseek3": _tagged(_deepseek, _D[1], _D[2], ""),
    "cogito": _tagged(_cogito, _D[1], _D[2], "\n"),
    "functiongemma": _tagged(_functiongemma, between=""),
    "olmo3": _tagged(_python_call, "<function_calls>", "</function_calls>"),
    "olmo3-think": _tagged(_python_call, "<function_calls>", "</function_calls>"),
    **dict.fromkeys(
        ("lfm2", "lfm2-thinking"), _tagged(_python_call, "<|tool_call_start|>[", "]<|tool_call_end|>", ", ")
    ),
    **dict.fromkeys(("gemma4", "gemma4-no-thinking"), _gemma_reply),
    "ministral": _ministral_reply,
    "harmony": _harmony,
    "glimmer": _glimmer,
    "cohere": _cohere,
}


# What each family puts around a call; odd calls stand there too.
_AROUND = {
    "qwen": ("<tool_call>", "</tool_call>"),
    "glm": ("<tool_call>", "</tool_call>"),
    "deepseek": (f"{_D[1]}{_D[3]}x{_D[5]}", f"{_D[4]}{_D[2]}"),
    "gemma": ("<|tool_call>", "<tool_call|>"),
    "functiongemma": ("<start_function_call>", "<end_function_call>"),
    "olmo": ("<function_calls>", "</function_calls>"),
    "lfm": ("<|tool_call_start|>", "<|tool_call_end|>"),
    "ministral": ("[TOOL_CALLS]read[ARGS]", ""),
    "cohere": ("<|START_ACTION|>", "<|END_ACTION|>"),
    "harmony": (" to=functions.x<|channel|>commentary<|message|>", ""),
    "glimmer": (" to=read<|message|>", "<|eot|>"),
}


def _bare(w: Writer, name: str, offered: Sequence[str]) -> str:
    """Calls right behind each other, without what is around them, or without their end."""
    before, after = _AROUND[_FAMILY[name]]
    bodies = []
    for _ in range(1 + w.some(2)):
        tool = w.pick(offered or _CALLED)
        body = _REPLIES[name](w, "", "", [(tool, w.arguments(tool))]).replace(before, "")
        bodies.append(body.replace(after, "") if after else body)
    how = w.some(3)
    if how == 0:
        return w.pick((", ", "")).join(bodies)
    text = "".join(f"{before}{body}{after}" for body in bodies)
    return text.removesuffix(after) + w.pick(("", "\n", after[:3])) if how == 1 else text


def _odd(w: Writer, name: str) -> str:
    """Calls as no model should write them, next to each other, now and then without what is around them."""
    before, after = _AROUND[_FAMILY[name]]
    text = w.pick(("", "</think>", "<|END_THINKING|>", "<think>", "Hi "))
    for _ in range(w.pick((1, 1, 2))):
        body = w.pick(_ODD)
        body = w.damaged(body) if w.odds(0.2) else body
        text += body if w.odds(0.15) else f"{before}{body}{after if w.odds(0.85) else ''}"
    return text


def _reply(w: Writer, name: str, offered: Sequence[str]) -> str:
    how = w.some(11)
    if how == 11:
        return _bare(w, name, offered)
    if how == 10:
        return _odd(w, name)
    if how == 0:
        return w.words(12)
    marks = _MARKS[_FAMILY[name]] if w.odds(0.9) else w.pick(list(_MARKS.values()))
    if how == 1:
        return "".join(w.pick(marks) if w.odds(0.6) else w.words(2) for _ in range(w.some(14)))
    thought, content = (w.words() if w.odds(0.6) else "" for _ in range(2))
    names = [*offered, *_CALLED] if w.odds(0.3) else list(offered) or _CALLED
    called = [w.pick(names) for _ in range(w.pick((0, 1, 1, 1, 2, 3)))]
    calls = [(tool, w.arguments(tool)) for tool in called]
    text = _REPLIES[name](w, thought, content, calls)
    if how <= 3:
        for _ in range(1 + w.some(2)):
            text = w.damaged(text)
    if how == 4:
        at = w.some(len(text))
        text = text[:at] + w.pick(marks) + text[at:]
    if how == 5:
        mark = w.pick(marks)
        text = text[: w.some(len(text))] + mark[: w.some(len(mark))]
    return text


def _cut(whole: Any, places: list[int]) -> list[Any]:
    ends = [0, *sorted(places), len(whole)]
    return [whole[a:b] for a, b in itertools.pairwise(ends)]


def cases(seed: int, count: int, names: Sequence[str] = NAMES) -> Iterator[Case]:
    """As many cases as asked for; the names take turns."""
    w = Writer(random.Random(seed))
    for i in range(count):
        name = names[i % len(names)]
        tools = [w.pick(TOOLS) for _ in range(w.some(3))] or None
        offered = [t["function"]["name"] for t in tools or ()]
        last = w.pick(
            (
                None,
                {"role": "user", "content": "q"},
                {"role": "user", "content": "q"},
                {"role": "tool", "content": "r"},
                {"role": "assistant", "content": "Well"},
                {"role": "assistant", "content": ""},
                {"role": "assistant", "content": "", "thinking": "hm"},
                {"role": "system", "content": "s"},
            )
        )
        think = w.pick((None, True, True, False, "low", "high"))
        text = _reply(w, name, offered)
        pieces = [text.encode("utf-8", "replace")] if w.odds(0.1) else w.pieces(text)
        yield Case(name, tools, last, think, pieces, w.odds(0.15))
