"""What linting a 60 kB Modelfile costs beyond start-up, against parsing alone and starting a command.

    python -m benchmarks.lint

Times are those of the processor, which other work on the machine lengthens less than those of the clock.

Peers in the same run: `parse_modelfile` on the same text, and `python -c "import click"`, which is what any
command line tool of Python pays before it begins. The bound is 100 ms.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from modelfile_kit.lint.registry import all_rules
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.ollama.grammar import parse_modelfile

SIZE = 60_000
BOUND = 0.100
RUNS = 9

# The largest of Ollama's own library is of this size; what is nearly all TEMPLATE goes far beyond.
TEMPLATE_SIZE = 14_000

_TURN = '{{ if eq .Role "user" }}<|user|>\n{{ .Content }}{{ else if .ToolCalls }}{{ .Content }}{{ end }}'
# As the compiler writes a template with tools: variables, a search for a tag, calls and schemas as JSON.
_TOOLS = """{{- $query := 0 }}{{ range $i, $m := .Messages }}
{{- if and (eq $m.Role "user") (ne (printf "%.15s" $m.Content) "<tool_response>") }}{{ $query = $i }}{{ end }}
{{- end }}
{{- if .Tools }}<|im_start|>system
{{ if eq (index .Messages 0).Role "system" }}{{ (index .Messages 0).Content }}{{ "\\n\\n" }}{{ end }}# Tools
<tools>{{ range $t := .Tools }}
{"type": {{ json $t.Type }}, "function": {{ json $t.Function }}}{{ end }}
</tools><|im_end|>
{{ end }}{{ range $i, $m := .Messages }}{{ $text := $m.Content }}{{ $thought := $m.Thinking }}
{{- if not $thought }}{{ range $k := len $text }}{{ if eq (printf "%.8s" (slice $text $k)) "</think>" }}
{{- $thought = slice $text 0 $k }}{{ $text = slice (slice $text $k) 8 }}{{ break }}{{ end }}{{ end }}{{ end }}
{{- if eq $m.Role "user" "system" }}<|im_start|>{{ $m.Role }}
{{ $text }}<|im_end|>
{{ else if eq $m.Role "assistant" }}<|im_start|>assistant
{{ if and $thought (gt $i $query) }}<think>
{{ $thought }}
</think>

{{ end }}{{ $text }}{{ range $k, $c := $m.ToolCalls }}{{ if or $k $text }}{{ "\\n" }}{{ end }}<tool_call>
{"name": "{{ $c.Function.Name }}", "arguments": {{ json $c.Function.Arguments }}}
</tool_call>{{ end }}<|im_end|>
{{ else if eq $m.Role "tool" }}<tool_response>{{ $text }}</tool_response>
{{ end }}{{ end }}<|im_start|>assistant
"""
_PIECE = "{{ if .System }}{{ .System }}{{ end }}"
_SMALL = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"


def modelfiles() -> dict[str, str]:
    """60 kB each: mostly prose; mostly parameters and messages; a large TEMPLATE and prose.

    The last three are nearly all TEMPLATE: a chat with tools over and over, the branches of one turn, and
    small pieces of a template of the old kind.
    """
    head = f'FROM llama3.2\nTEMPLATE """{_SMALL}"""\n'
    line = "You are an assistant who answers briefly. " * 3 + "\n"
    pair = "MESSAGE user What is it, and why is it so?\nMESSAGE assistant It is so because it is.\n"
    stops = "".join(f"PARAMETER stop <|stop{n}|>\n" for n in range(100))
    turns = "".join([_TURN] * (TEMPLATE_SIZE // len(_TURN)))
    large = f'FROM llama3.2\nTEMPLATE """{{{{ range .Messages }}}}{turns}{{{{ end }}}}<|assistant|>\n"""\n'
    branches = f"{{{{ range .Messages }}}}{_TURN * (SIZE // len(_TURN))}{{{{ end }}}}<|assistant|>"
    pieces = _PIECE * (SIZE // len(_PIECE)) + "{{ .Prompt }}"
    return {
        "prose": head + f'SYSTEM """{line * (SIZE // len(line))}"""\n',
        "messages": head + stops + pair * ((SIZE - len(stops)) // len(pair)),
        "template": large + f'SYSTEM """{line * ((SIZE - len(large)) // len(line))}"""\n',
        "tools": f'FROM llama3.2\nTEMPLATE """{_TOOLS * (SIZE // len(_TOOLS))}"""\n',
        "branches": f'FROM llama3.2\nTEMPLATE """{branches}"""\n',
        "pieces": f'FROM llama3.2\nTEMPLATE """{pieces}"""\n',
    }


def median(call: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds, the middle of several runs."""
    times = []
    for _ in range(RUNS):
        started = clock()
        call()
        times.append(clock() - started)
    return statistics.median(times)


def children() -> float:
    """Seconds of the processor that finished child processes have used."""
    spent = os.times()
    return spent.children_user + spent.children_system


def main() -> int:
    """Prints a table; exit code 1 where the bound is broken."""
    all_rules()
    command = [sys.executable, "-c", "import click"]
    start = median(lambda: subprocess.run(command, check=True), children)
    print(f"start of python with click: {start * 1000:.0f} ms")
    print(f"{'60 kB of':10} {'parse':>9} {'lint':>9} {'lint/start':>11}")
    worst = 0.0
    for name, text in modelfiles().items():
        lint_modelfile(text)
        parse = median(partial(parse_modelfile, text))
        lint = median(partial(lint_modelfile, text))
        worst = max(worst, lint)
        print(f"{name:10} {parse * 1000:6.1f} ms {lint * 1000:6.1f} ms {lint / start:10.2f}x")
    print(f"bound {BOUND * 1000:.0f} ms: {'kept' if worst <= BOUND else 'BROKEN'}")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
