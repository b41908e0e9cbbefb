"""Chat requests and TEMPLATEs that reach every field, String() and rule between them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

TEXTS = [
    *("", " ", "hi", "Hello, world!", "a\nb", " lead", "trail \n", "é漢字", "\u3000", "<|im_end|>", "[img]"),
    *("look [img] here [img]", "{{ .Content }}", '"quoted"', "<b>&amp;</b>", "\u2028", "a\x00b", "\ud83d"),
    *(
        "<think>t</think>answer",
        "<think>\n\nx\n</think>\n\nanswer",
        "[img-0]",
        "😀 👨\u200d👩",
        "x" * 50,
        "\x08\x0c\x7f",
    ),
]
NAMES = ["a", "b", "city", "get_weather", "zeta", "Alpha", "é", "a b", "", "\b\f", "<x>", "unit", "0"]
TYPES: list[Any] = [
    *("string", "integer", "number", "boolean", "array", "object", "null", "custom", ""),
    *(["string", "null"], ["integer"], [], ["a", "b", "c"], None),
]
THINK = [None, None, True, False, "low", "medium", "high"]


def value(r: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = r.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return r.choice([0, 1, -1, 1.0, 2.5, 1e6, 1e21, 123456789, 2**53 + 1, 1e-7, 0.1, -0.0, 100000000])
    if kind == 1:
        return r.choice([True, False, None])
    if kind < 6:
        return r.choice(TEXTS)
    if kind == 6:
        return [value(r, depth + 1) for _ in range(r.randrange(4))]
    return {r.choice(NAMES): value(r, depth + 1) for _ in range(r.randrange(4))}


def prop(r: random.Random, depth: int = 0) -> Any:
    """A property of a tool's parameters."""
    if r.random() < 0.02:
        return None
    out: dict[str, Any] = {}
    if r.random() < 0.9:
        out["type"] = r.choice(TYPES)
    if r.random() < 0.7:
        out["description"] = r.choice(TEXTS)
    for key, make in (
        ("enum", lambda: [value(r, 2) for _ in range(r.randrange(4))]),
        ("items", lambda: value(r, 1)),
        ("default", lambda: value(r, 1)),
        ("required", lambda: r.sample(NAMES, r.randrange(3))),
        ("format", lambda: "date"),
    ):
        if r.random() < 0.25:
            out[key] = make()
    if depth < 2 and r.random() < 0.2:
        out["anyOf"] = [prop(r, depth + 1) for _ in range(r.randrange(3))]
    if depth < 2 and r.random() < 0.25:
        out["properties"] = properties(r, depth + 1)
    return out


def properties(r: random.Random, depth: int = 0) -> Any:
    if r.random() < 0.05:
        return None
    return {name: prop(r, depth) for name in r.sample(NAMES, r.randrange(4))}


def tool(r: random.Random) -> dict[str, Any]:
    function: dict[str, Any] = {"name": r.choice(NAMES)}
    if r.random() < 0.9:
        function["description"] = r.choice(TEXTS)
    if r.random() < 0.9:
        parameters: dict[str, Any] = {"type": "object"}
        if r.random() < 0.9:
            parameters["properties"] = properties(r)
        if r.random() < 0.6:
            parameters["required"] = r.sample(NAMES, r.randrange(3))
        if r.random() < 0.2:
            parameters["$defs"] = value(r)
        if r.random() < 0.1:
            parameters["items"] = value(r)
        if r.random() < 0.2:
            parameters["additionalProperties"] = False
        function["parameters"] = parameters
    out: dict[str, Any] = {"type": r.choice(["function", "function", "", "x"]), "function": function}
    if r.random() < 0.1:
        out["items"] = value(r)
    return out


def call(r: random.Random) -> dict[str, Any]:
    function: dict[str, Any] = {"name": r.choice(NAMES)}
    if r.random() < 0.95:
        function["arguments"] = {r.choice(NAMES): value(r) for _ in range(r.randrange(4))}
    if r.random() < 0.05:
        function["arguments"] = None
    if r.random() < 0.3:
        function["index"] = r.choice([0, 1, 7])
    out: dict[str, Any] = {"function": function}
    if r.random() < 0.5:
        out["id"] = r.choice(["call_1", "", "x"])
    return out


def message(r: random.Random) -> dict[str, Any]:
    role = r.choice(["system", "user", "user", "assistant", "assistant", "tool", "User", "developer", ""])
    out: dict[str, Any] = {"role": role, "content": r.choice(TEXTS)}
    if r.random() < 0.15:
        out["images"] = r.randrange(4)
    if r.random() < 0.2:
        out["thinking"] = r.choice(TEXTS)
    if role == "assistant" and r.random() < 0.4:
        out["tool_calls"] = [call(r) for _ in range(r.randrange(4))]
    if role == "tool" and r.random() < 0.7:
        out["tool_name"] = r.choice(NAMES)
        out["tool_call_id"] = r.choice(["call_1", ""])
    return out


def request(r: random.Random) -> dict[str, Any]:
    """messages, tools, think of one /api/chat request."""
    return {
        "messages": [message(r) for _ in range(r.choice([1, 1, 2, 3, 4, 6, 9]))],
        "tools": [tool(r) for _ in range(r.choice([0, 1, 1, 2, 3]))] if r.random() < 0.5 else None,
        "think": r.choice(THINK),
    }


def requests(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """`count` requests; the same for the same seed."""
    source = random.Random(seed)
    for _ in range(count):
        yield request(source)


# TEMPLATEs that print what they are given in every way, of both kinds.
_PROPERTIES = "{{ range $k, $p := .Function.Parameters.Properties }}"
_END = "{{ end }}"


def _messages(inside: str) -> str:
    return "{{ range .Messages }}" + inside + _END


def _calls(inside: str) -> str:
    return _messages("{{ range .ToolCalls }}" + inside + _END)


def _tools(inside: str) -> str:
    return "{{ if .Messages }}{{ range .Tools }}" + inside + _END * 2


BY_TURN = [
    "{{ if .System }}<s>{{ .System }}{{ end }}{{ if .Prompt }}<u>{{ .Prompt }}{{ end }}<a>{{ .Response }}",
    "{{ .System }}{{ .Prompt }}{{ .Response }}after{{ .System }}",
]
PROBES = [
    "{{ .System }}|" + _messages("[{{ .Role }}]{{ .Content }}"),
    "{{ range $i, $m := .Messages }}{{ $i }}{{ $m.Role }}{{ json $m.Content }}{{ len $m.Images }}{{ end }}",
    _calls(
        "{{ .Function.Name }}{{ .Function.Arguments }}{{ json .Function.Arguments }}{{ .Function.Index }}"
    ),
    _calls(
        "{{ range $k, $v := .Function.Arguments }}{{ $k }}={{ $v }};{{ json $v }};"
        '{{ printf "%T %v %s %q" $v $v $v $v }}{{ end }}'
    ),
    _messages("{{ json . }}"),
    _messages("{{ json .ToolCalls }}{{ range .ToolCalls }}{{ json .Function }}{{ . }}{{ end }}"),
    _messages('{{ printf "%v %T" .ToolCalls .ToolCalls }}'),
    "{{ if .Messages }}{{ .Tools }}{{ end }}",
    "{{ if .Messages }}{{ json .Tools }}{{ end }}" + _tools("{{ . }}{{ json .Function.Parameters }}"),
    _tools("{{ .Type }}{{ .Function.Name }}{{ .Function.Description }}{{ .Function.Parameters.Type }}"),
    _tools("{{ .Function.Parameters.Required }}{{ .Function.Parameters.Properties }}"),
    _tools(_PROPERTIES + "{{ $k }}:{{ $p.Type }}|{{ $p.Description }}|{{ $p.Enum }}|{{ json $p }}{{ end }}"),
    _tools("{{ .Items }}{{ .Function.Parameters.Defs }}{{ .Function.Parameters.Items }}"),
    _tools(_PROPERTIES + "{{ $p.Items }}{{ json $p.Items }}{{ end }}"),
    _tools(
        _PROPERTIES + "{{ toTypeScriptType $p }},{{ $p.ToTypeScriptType }}{{ end }}{{ toTypeScriptType 1 }}"
    ),
    _tools(_PROPERTIES + "{{ range $p.AnyOf }}{{ toTypeScriptType . }}{{ json . }}{{ end }}{{ end }}"),
    _tools(
        _PROPERTIES
        + "{{ with $p.Properties }}{{ .Len }}{{ range $n, $q := .All }}{{ $n }}{{ json $q }}{{ end }}"
        "{{ range .ToMap }}{{ .Type }}{{ end }}{{ end }}{{ end }}"
    ),
    _tools('{{ printf "%v|%s|%d|%q" .Function.Parameters.Required .Type .Items .Function.Name }}'),
    _tools("{{ .Function }}{{ .Function.Parameters }}"),
    _messages("{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}")
    + "{{ .Think }}{{ .ThinkLevel }}{{ .IsThinkSet }}{{ if .Tools }}T{{ end }}",
    _messages("{{ .ToolName }}{{ .ToolCallID }}{{ range .ToolCalls }}{{ .ID }}{{ end }}"),
    _messages("{{ .Images }}"),
    _messages("{{ .Missing }}"),
    "{{ if .Messages }}{{ .Missing }}{{ .Response }}{{ .Prompt }}{{ .Suffix }}{{ end }}",
    "{{ $m := index .Messages 0 }}{{ $m.Content }}{{ len .Messages }}{{ (index .Messages 0).Role }}",
    _messages('{{ .Content | printf "%-5s|%.3s|%q|%x" }}{{ slice .Content 0 1 }}'),
    "{{ if .Messages }}{{ .System | json }}{{ end }}{{ json .Messages }}{{ json .Tools }}{{ json . }}",
    "{{ .Prompt }}",
    *BY_TURN,
    "{{ if .Prompt }}{{ .Prompt }}{{ else }}-{{ end }}{{ .Response }}{{ if .Response }}x{{ else }}y{{ end }}",
    "{{ .Prompt }}{{ if true }}{{ .Response }}{{ else }}b{{ end }}",
    '{{ .Prompt }}{{ .Response | printf "%s" }}z',
    '{{ .Prompt }}{{ printf "%s%s" .Response .System }}z',
    "{{ .Prompt }}{{ with .Response }}{{ . }}{{ end }}tail",
    "{{ json .Prompt }}{{ .Response }}",
    "{{ .Prompt }}{{ .Think }}{{ .Missing }}{{ $.Response }}{{ range $x := .Foo }}{{ else }}e{{ end }}",
    '{{ define "t" }}D{{ . }}{{ end }}{{ template "t" .Prompt }}{{ .Response }}',
    '{{ .Prompt }}{{ if (eq .Response "") }}E{{ end }}{{ .Response }}!',
    "{{ .Suffix }}{{ .Prompt }}",
]
# Of both kinds, for conversations that are too long: all messages, and turn by turn.
TRUNCATED = [*PROBES[:2], *BY_TURN]
