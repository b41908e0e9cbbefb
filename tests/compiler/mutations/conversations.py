"""Random conversations that Ollama can express, made without looking at how the compiler proves.

Neighbours of one role do not occur (Ollama merges them), names of arguments and properties are in
alphabetical order, numbers are what Go and Python write alike, what is empty is absent.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import jinja2

# Everything that strips, splits, joins, JSON or a template language could treat in a way of its own.
BLANKS = (
    "\n", " ", "\t", "\r\n", "\r", "\v", "\f", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028",
    "\u2029", "\u202f", "\u205f", "\u3000", "\u200b", "\ufeff", "\n\n", "  ",
)  # fmt: skip
ODD = (
    "{{ .Content }}", "{{ messages }}", "{% if x %}", "{#c#}", "{{", "}}", "%}", '"', "'", "\\", "`", "\\n",
    "%s %d %%", "<b>&amp;</b>", '"""', "$.x", "<|im_end|>", "<|im_start|>user\n", "</s>", "<s>", "[INST]",
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<|eot_id|>", "/think", "None", "null", "true",
    "True", "0", "1", "1.0", "-3", "1e6", "[]", "{}", '{"a": 1}', "[1, 2]", "é", "İ", "ß", "ς", "你好", "🎉",
    "👨\u200d👩\u200d👧", "e\u0301", "\u202e", "\x00", "\x7f", "ﬁ", "A", "a", "word", "two words", "ab" * 30,
    "|", ",", ", ", ":", "#", "_", "---", "=", "user", "assistant", "system", "tool",
)  # fmt: skip
PLAIN = ("Hi", "Hello there.", "What is 2+2?", "4", "ok", "You are helpful.", "Line one\nline two", "x")
NAMES = ("get_weather", "add", "f", "search.web", "a-b", "名前", "get weather", 'Q"q', "<n>")
KEYS = (
    "city",
    "unit",
    "a",
    "b",
    "x y",
    "name",
    "type",
    "items",
    "keys",
    "名",
    'q"',
    "<k>",
    "1",
    "_z",
    "text",
)
NUMBERS = (0, 1, 2, 3, -1, 42, 1000000, 12345678, 2**31, 2**40, 0.5, -2.25, 3.14, 1234.5678)
TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


def pieces(template: str) -> list[str]:
    """The texts that a template holds."""
    found = set()
    for _, kind, value in jinja2.Environment().lex(template):
        if kind == "string":
            found.add(value[1:-1].encode("ascii", "backslashreplace").decode("unicode_escape"))
        elif kind == "data" and value.strip():
            found.add(value[:100])
    return sorted(p for p in found if p) or ["x"]


class Conversations:
    """Draws conversations for one template."""

    def __init__(self, template: str, rng: random.Random) -> None:
        self.rng = rng
        self.pieces = pieces(template)
        known = ("developer", "ipython", "observation", "function", "context")
        self.roles = [p for p in self.pieces if p in known]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    # -- texts --------------------------------------------------------------------------------------

    def text(self) -> str:
        """Nothing, blanks, plain words, something long, a piece of the template, or odd pieces in a row."""
        share = self.rng.random()
        if share < 0.06:
            return ""
        if share < 0.12:
            return "".join(self.rng.choices(BLANKS, k=self.rng.randint(1, 4)))
        if share < 0.4:
            return self.rng.choice(PLAIN)
        if share < 0.42:
            return self.rng.choice(("word ", "a", "é", "\n")) * self.rng.choice((40, 99, 100, 128, 1000))
        if share < 0.55:
            return self._near_piece()
        text = "".join(self._piece() for _ in range(self.rng.choice((1, 1, 2, 2, 3, 4, 6))))
        blank = self.rng.choice(BLANKS)
        return self.rng.choice((text, text, text + blank, blank + text, f"w{text}w"))

    def _near_piece(self) -> str:
        """A text of the template whole, halved or doubled, with words beside it: where a search errs."""
        piece = self.rng.choice(self.pieces)
        half = (len(piece) + 1) // 2
        text = self.rng.choice((piece, piece[:half], piece[half:], piece * 2, piece + piece[half:]))
        return self.rng.choice((text, f"w{text}", f"{text}w", f"w{text}w", f"w{text}w{piece[:half]}"))

    def _piece(self) -> str:
        share = self.rng.random()
        if share < 0.25:
            return self.rng.choice(ODD)
        if share < 0.45:
            return self.rng.choice(BLANKS) * self.rng.choice((1, 1, 2, 3))
        if share < 0.65:
            return self.rng.choice(PLAIN)
        piece = self.rng.choice(self.pieces)
        cut = self.rng.randint(0, len(piece))
        forms = (piece, piece, piece, piece.strip(), piece[:cut], piece[cut:], piece * 2, piece.upper())
        return self.rng.choice(forms)

    def full(self) -> str:
        return self.text() or "x"

    # -- tools --------------------------------------------------------------------------------------

    def value(self, depth: int = 0) -> Any:
        """A JSON value."""
        share = self.rng.random()
        if share < 0.4 or depth > 2:
            return self.text()
        if share < 0.75:
            return self.rng.choice((*NUMBERS, True, False, None))
        if share < 0.88:
            return [self.value(depth + 1) for _ in range(self.rng.randint(0, 3))]
        return {k: self.value(depth + 1) for k in self._keys(3)}

    def _keys(self, most: int) -> list[str]:
        return sorted(set(self.rng.choices(KEYS, k=self.rng.randint(0, most))))

    def calls(self, known: bool) -> list[dict[str, Any]]:
        """One to three calls, parallel ones included."""
        found = []
        for i in range(self.rng.choice((1, 1, 1, 2, 3))):
            arguments = {k: self.value() for k in self._keys(5)}
            ident = {"id": self.rng.choice(("abc123456", f"call_{i}"))} if known else {}
            found.append({**ident, "function": {"name": self.rng.choice(NAMES), "arguments": arguments}})
        return found

    def schema(self, depth: int = 0) -> dict[str, Any]:
        """A property."""
        kind = self.rng.choice((*TYPES, "string", "string"))
        found: dict[str, Any] = {"type": ["string", "null"] if self.chance(0.1) else kind}
        if found["type"] == "array" and self.chance(0.8):
            found["items"] = self.rng.choice(({"type": "string"}, {"enum": ["a", "b"], "type": "string"}))
        if self.chance(0.7):
            found["description"] = self.full()
        if self.chance(0.25):
            found["enum"] = self.rng.choice((["a"], [1, 2], ['x"y', "<z>"], [None, True], [1.5, "b"]))
        if found["type"] == "object" and depth < 2 and self.chance(0.8):
            inner = {k: self.schema(depth + 1) for k in [*self._keys(2), "zz"]}
            found["properties"] = inner
            if self.chance(0.5):
                found["required"] = ["zz"]
        return found

    def tools(self) -> list[dict[str, Any]]:
        """One to three tools."""
        found = []
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            keys = self._keys(4)
            parameters: dict[str, Any] = {"type": "object", "properties": {k: self.schema() for k in keys}}
            if keys and self.chance(0.7):
                parameters["required"] = self.rng.sample(keys, self.rng.randint(1, len(keys)))
            about = {"description": self.full()} if self.chance(0.85) else {}
            function = {"name": self.rng.choice(NAMES), **about, "parameters": parameters}
            found.append({"type": "function", "function": function})
        return found

    # -- conversations --------------------------------------------------------------------------------

    def draw(self, kind: str) -> dict[str, Any]:
        """`messages`, `tools` and `think` of a conversation of one kind."""
        known = self.chance(0.6)
        reasoning = self.rng.choice((0.0, 0.5, 1.0)) if kind != "chat" else 0.0
        messages: list[dict[str, Any]] = []
        for role in self._order(kind):
            name = "assistant" if role == "call" else role
            if not messages or messages[-1]["role"] != name or name == "tool":
                messages.append(self._message(role, known, reasoning))
        if kind == "images":
            asked = [m for m in messages if m["role"] == "user"] or messages[:1]
            for m in self.rng.sample(asked, self.rng.randint(1, len(asked))):
                m["images"] = self.rng.choice((1, 1, 2))
        plain = not any(m.get("tool_calls") or m["role"] == "tool" for m in messages)
        tools = self.tools() if kind == "tools" and (plain or self.chance(0.8)) else None
        think = self.rng.choice((None, True, False)) if kind == "tools" and self.chance(0.5) else None
        if kind == "thinking":
            told = any(m.get("thinking") for m in messages)
            think = self.rng.choice((None, True, False) if told else (True, False))
        return {"messages": messages, "tools": tools, "think": think}

    def _order(self, kind: str) -> list[str]:
        """Roles as they usually follow each other, or any."""
        if self.chance(0.4):
            roles = ["user", "user", "assistant", "assistant", "system", *self.roles]
            roles += ["tool", "tool", "call", "call"] if kind == "tools" else []
            return self.rng.choices(roles, k=self.rng.choice((1, 2, 3, 4, 6, 9)))
        order = ["system"] if self.chance(0.4) else []
        for _ in range(self.rng.choice((1, 1, 2, 3, 5))):
            order.append("user")
            while kind == "tools" and self.chance(0.45):
                order += ["call", *["tool"] * self.rng.choice((1, 1, 2, 3))]
            order.append("assistant")
        return order if self.chance(0.3) else order[: self.rng.randint(1, len(order))]

    def _message(self, role: str, known: bool, reasoning: float) -> dict[str, Any]:
        if role == "call":
            said = "" if self.chance(0.6) else self.text()
            found = {"role": "assistant", "content": said, "tool_calls": self.calls(known)}
        else:
            found = {"role": role, "content": self.text()}
        if role in ("call", "assistant") and self.chance(reasoning):
            found["thinking"] = self.full()
        if role == "tool":
            found |= {"tool_name": self.rng.choice(NAMES)} if self.chance(0.6) else {}
            found |= {"tool_call_id": "abc123456"} if known and self.chance(0.8) else {}
            if self.chance(0.3):
                found["content"] = json.dumps(self.value())
        return found


def is_marker_free(conversation: dict[str, Any], marker: str) -> bool:
    """Whether no text holds a picture's marker or tag, so that the real ones can be told."""
    text = json.dumps(conversation["messages"], ensure_ascii=False)
    return json.dumps(marker, ensure_ascii=False)[1:-1] not in text and not re.search(r"\[img", text)
