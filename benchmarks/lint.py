"""What linting a 60 kB Modelfile costs beyond start-up, against parsing alone and starting a command.

    python benchmarks/lint.py

Peers in the same run: `parse_modelfile` on the same text, and `python -c "import click"`, which is what any
command line tool of Python pays before it begins. The bound is 100 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from modelfile_kit.lint.registry import all_rules
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.ollama.modelfile import parse_modelfile

SIZE = 60_000
BOUND = 0.100
RUNS = 9

# The largest of Ollama's own library is of this size.
TEMPLATE_SIZE = 14_000

_TURN = '{{ if eq .Role "user" }}<|user|>\n{{ .Content }}{{ else if .ToolCalls }}{{ .Content }}{{ end }}'
_SMALL = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"


def modelfiles() -> dict[str, str]:
    """60 kB each: mostly prose; mostly parameters and messages; a very large TEMPLATE and prose."""
    head = f'FROM llama3.2\nTEMPLATE """{_SMALL}"""\n'
    line = "You are an assistant who answers briefly. " * 3 + "\n"
    pair = "MESSAGE user What is it, and why is it so?\nMESSAGE assistant It is so because it is.\n"
    stops = "".join(f"PARAMETER stop <|stop{n}|>\n" for n in range(100))
    turns = "".join([_TURN] * (TEMPLATE_SIZE // len(_TURN)))
    large = f'FROM llama3.2\nTEMPLATE """{{{{ range .Messages }}}}{turns}{{{{ end }}}}<|assistant|>\n"""\n'
    return {
        "prose": head + f'SYSTEM """{line * (SIZE // len(line))}"""\n',
        "messages": head + stops + pair * ((SIZE - len(stops)) // len(pair)),
        "template": large + f'SYSTEM """{line * ((SIZE - len(large)) // len(line))}"""\n',
    }


def median(call: Callable[[], object]) -> float:
    """Seconds, the middle of several runs."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> int:
    """Prints a table; exit code 1 where the bound is broken."""
    all_rules()
    command = [sys.executable, "-c", "import click"]
    start = median(lambda: subprocess.run(command, check=True))
    print(f"start of python with click: {start * 1000:.0f} ms")
    print(f"{'60 kB of':10} {'parse':>9} {'lint':>9} {'lint/start':>11}")
    worst = 0.0
    for name, text in modelfiles().items():
        lint_modelfile(text)
        parse = median(lambda text=text: parse_modelfile(text))
        lint = median(lambda text=text: lint_modelfile(text))
        worst = max(worst, lint)
        print(f"{name:10} {parse * 1000:6.1f} ms {lint * 1000:6.1f} ms {lint / start:10.2f}x")
    print(f"bound {BOUND * 1000:.0f} ms: {'kept' if worst <= BOUND else 'BROKEN'}")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
