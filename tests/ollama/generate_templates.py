"""Go templates around the things that Ollama reads out of a TEMPLATE."""

from __future__ import annotations

import random
from collections.abc import Iterator

TEXTS = [
    *(
        "",
        " ",
        "\n",
        "text",
        "<think>",
        "</think>",
        " <think>\n",
        "\n</think> ",
        "<tool_call>",
        "[TOOL_CALLS] [{",
        "{",
    ),
    *(
        ' {"a":',
        "<|x|>\r\n",
        "\u3000",
        "eq .Role",
        "tool_response",
        "TOOL_RESULTS",
        "\x00é",
        "<tool_call>\r\n{",
    ),
]
FIELDS = [
    *(
        ".Messages",
        ".Thinking",
        ".ToolCalls",
        ".Tools",
        ".Suffix",
        ".Content",
        ".Role",
        ".Response",
        ".Prompt",
        ".",
    ),
    *(
        "$.Messages",
        "$.Tools",
        "$m.Thinking",
        "$m.ToolCalls",
        "$",
        "$m",
        ".Function.Name",
        ".Message.Thinking",
    ),
    *(".Thinking.X", ".X.ToolCalls", "(index .Messages 0).Content", "(.Thinking)", '"s"', "1", "nil", "true"),
]
CALLS = ["and", "or", "not", "eq", "len", "json", 'printf "%s"', "index", "slice"]


def operand(r: random.Random, depth: int) -> str:
    if depth < 2 and r.random() < 0.2:
        return f"({pipeline(r, depth + 1)})" + r.choice(["", "", ".Thinking", ".Tools"])
    return r.choice(FIELDS)


def pipeline(r: random.Random, depth: int = 0) -> str:
    commands = []
    for _ in range(r.choice([1, 1, 1, 2])):
        arguments = [operand(r, depth) for _ in range(r.choice([1, 1, 2]))]
        commands.append(" ".join([r.choice(CALLS), *arguments] if r.random() < 0.4 else arguments[:1]))
    return " | ".join(commands)


def loop(r: random.Random) -> str:
    """A loop over the messages as templates have it, with thinking and calls in some shape."""

    def text(*likely: str) -> str:
        return r.choice(likely) if r.random() < 0.7 else r.choice(TEXTS)

    subject = r.choice([".Messages", ".Messages", "$i, $m := .Messages", "$.Messages", "slice .Messages 1"])
    field = r.choice(
        [".Thinking", ".Thinking", "$m.Thinking", ".Thinking | json", "(.Thinking)", "$.Thinking"]
    )
    thought = (
        text("<think>", "\n<think>\n", "<|thought|>") + f"{{{{ {field} }}}}" + text("</think>", "\n</think>")
    )
    condition = r.choice([".Thinking", "and .Thinking $.Think", "$m.Thinking", ".Content"])
    if r.random() < 0.6:
        thought = f"{{{{ if {condition} }}}}{thought}{{{{ end }}}}"
    calls = text("<tool_call>\n", '[TOOL_CALLS] [{"name"', " ") + "{{ range .ToolCalls }}" + text("{", "<f>")
    calls += "{{ .Function.Name }}{{ end }}" + text("</tool_call>", "]")
    condition = r.choice([".ToolCalls", "and .ToolCalls true", "$m.ToolCalls", "len .ToolCalls"])
    if r.random() < 0.8:
        calls = f"{{{{ if {condition} }}}}{calls}{{{{ end }}}}"
    parts = [thought, calls, text("x"), "{{ .Content }}"]
    r.shuffle(parts)
    return f"{{{{ $m := . }}}}{{{{ range {subject} }}}}{''.join(parts)}{{{{ end }}}}{{{{ .Tools }}}}"


def nodes(r: random.Random, depth: int = 0) -> str:
    out = []
    for _ in range(r.choice([1, 2, 2, 3, 4])):
        kind = r.random()
        if kind < 0.4 or depth > 4:
            out.append(r.choice(TEXTS))
        elif kind < 0.6:
            out.append(f"{{{{ {r.choice(['', '', '- '])}{pipeline(r)} }}}}".replace("{{ - ", "{{- "))
        elif kind < 0.95:
            word = r.choice(["if", "if", "range", "range", "with"])
            declared = r.choice(["", "", "$m := ", "$i, $m := "]) if word == "range" else ""
            subject = ".Messages" if word == "range" and r.random() < 0.6 else pipeline(r)
            if word == "if" and r.random() < 0.3:
                subject = r.choice([".Thinking", ".ToolCalls", "and .ToolCalls .Content"])
            other = f"{{{{ else }}}}{nodes(r, depth + 1)}" if r.random() < 0.25 else ""
            out.append(f"{{{{ {word} {declared}{subject} }}}}{nodes(r, depth + 1)}{other}{{{{ end }}}}")
        elif depth == 0:
            out.append(
                r.choice(
                    ['{{ define "d" }}x{{ .Tools }}{{ end }}', '{{ template "d" . }}', '{{ template "d" }}']
                )
            )
        else:
            out.append("{{/* c */}}")
    return "".join(out)


def templates(seed: int, count: int) -> Iterator[str]:
    """`count` templates that mostly parse; the same for the same seed."""
    source = random.Random(seed)
    for n in range(count):
        if n % 3 == 0:
            yield loop(source)
            continue
        yield ("{{ $m := . }}" if source.random() < 0.5 else "") + nodes(source)
