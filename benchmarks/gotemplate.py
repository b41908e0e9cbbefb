"""Speed of the Go template engine: parsing, a chat, and the string idioms on long texts.

    python -m benchmarks.gotemplate [REPEAT]

Prints milliseconds for one execution: compiled (what `execute` does) and by the exact evaluator,
which walks the tree and is so slow on long texts that it would be stopped at 100 kB. Beside Go stands
`templates.py`.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.common.timing import fastest
from modelfile_kit.gotemplate import Limits, parse

CHAT = """{{- range $i, $m := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq $m.Role "system" }}<|im_start|>system
{{ $m.Content }}<|im_end|>
{{ else if eq $m.Role "user" }}<|im_start|>user
{{ $m.Content }}<|im_end|>
{{ else if eq $m.Role "assistant" }}<|im_start|>assistant
{{ if $m.Content }}{{ $m.Content }}{{ end }}{{ if not $last }}<|im_end|>
{{ end }}{{ end }}{{ if and $last (ne $m.Role "assistant") }}<|im_start|>assistant
{{ end }}{{ end }}"""
CONTAINS = (
    '{{ $in := false }}{{ range $i := len .S }}{{ if eq (printf "%.8s" (slice $.S $i)) "</think>" }}'
    "{{ $in = true }}{{ break }}{{ end }}{{ end }}{{ $in }}"
)
LAST = (
    '{{ $r := .S }}{{ range $i := len .S }}{{ if eq (printf "%.8s" (slice $.S $i)) "</think>" }}'
    "{{ $r = slice (slice $.S $i) 8 }}{{ end }}{{ end }}{{ len $r }}"
)
REPLACE = (
    '{{ $s := .S }}{{ $r := "" }}{{ $from := 0 }}{{ range $i := len $s }}'
    "{{ if lt $i $from }}{{ continue }}{{ end }}"
    '{{ if eq (printf "%.2s" (slice $s $i)) "ab" }}{{ $r = printf "%s%s-" $r (slice $s $from $i) }}'
    '{{ $from = len (printf "%*sab" $i "") }}{{ end }}{{ end }}{{ printf "%s%s" $r (slice $s $from) | len }}'
)
STRIP = (
    '{{ $r := "" }}{{ range $i := len .S }}{{ if ne (slice (slice $.S $i) 0 1) " " }}'
    '{{ $r = slice $.S 0 (len (printf "%*s " $i "")) }}{{ end }}{{ end }}{{ len $r }}'
)
UNESCAPE = (
    '{{ $t := "" }}{{ $q := false }}{{ range $i := len .S }}{{ $c := slice (slice $.S $i) 0 1 }}'
    '{{ if eq $c "\\"" }}{{ $q = not $q }}{{ end }}{{ $t = printf "%s%s" $t $c }}'
    '{{ if and (not $q) (eq $c ":") }}{{ $t = printf "%s " $t }}{{ end }}{{ end }}{{ len $t }}'
)

_MESSAGES = [
    {"Role": ("user", "assistant")[i % 2], "Content": f"message {i} with some words in it"} for i in range(40)
]
_TEXT = ("some words and ab more of them " * 400)[:10_000]
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat of 40 messages": (CHAT, {"Messages": _MESSAGES}),
    "contains, 10 kB": (CONTAINS, {"S": _TEXT}),
    "contains, 10 kB, not ASCII": (CONTAINS, {"S": "é" + _TEXT}),
    "split()[-1], 10 kB": (LAST, {"S": _TEXT + "</think>x"}),
    "replace, 10 kB": (REPLACE, {"S": _TEXT}),
    "rstrip, 10 kB": (STRIP, {"S": _TEXT}),
    "JSON rewrite, 2 kB": (UNESCAPE, {"S": '{"name":"value","other":"thing"},' * 60}),
    "JSON rewrite, 2 kB, not ASCII": (UNESCAPE, {"S": '{"name":"välue","other":"thing"},' * 60}),
}


def main() -> None:
    repeat = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    limits = Limits()
    long_source = CHAT * 20
    print(f"parse {len(long_source)} characters: {fastest(lambda: parse(long_source), repeat) * 1e3:.2f} ms")
    print(f"{'case':32} {'compiled':>10} {'exact':>10}  ratio")
    for name, (source, data) in CASES.items():
        template = parse(source)
        assert template.execute(data, limits=limits) == template.execute_exactly(data, limits=limits), name

        def fast() -> str:
            return template.execute(data, limits=limits)  # noqa: B023 - called at once

        def exact() -> str:
            return template.execute_exactly(data, limits=limits)  # noqa: B023

        a, b = fastest(fast, repeat) * 1e3, fastest(exact, 1) * 1e3
        print(f"{name:32} {a:8.3f}ms {b:8.1f}ms  {b / a:.0f}")


if __name__ == "__main__":
    main()
