"""What hostile chat templates take: each of tests/hostile_templates.py, in each way that the kit reads one.

    python -m benchmarks.hostile [WAY…] [--only TEXT]

The ways are `compile`, `build`, `check` (with --bytes-only) and `render` (the chat template, as Hugging Face
does), by default all. Each runs as the command does, in a process of its own. The table has its processor
time, so that other processes count little, and the most memory that it had. It ends with what took more than
two seconds or 300 MB, and exit code 1 if anything did. Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelfile_kit.cli.main import collect_seldom, run
from modelfile_kit.micro import build_pair
from tests.hostile_templates import ALL

SECONDS_MAX = 2.0
MB_MAX = 300
# A process that takes as much is ended.
SECONDS_ENDED = 20
BYTES_ENDED = 3 << 30
WAYS = ("compile", "build", "check", "render")
CHAT = [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}]
PACKAGE = "name: hostile\nmodel: micro-glm4v.gguf\nprojector: none\nmode: go\nchat_template: {}\n"


@dataclass(frozen=True)
class Taken:
    """What one run took; status: its exit code, or the signal that ended it as a negative number."""

    name: str
    way: str
    seconds: float
    mb: float
    status: int
    told: str

    @property
    def too_much(self) -> bool:
        return self.seconds > SECONDS_MAX or self.mb > MB_MAX or self.status < 0


def command(way: str, folder: Path) -> list[str]:
    """The command line; the package and the chat template are in `folder`."""
    jinja = str(folder / "chat_template.jinja")
    if way == "compile":
        return ["compile", jinja]
    if way == "render":
        return ["render", "--jinja", jinja, "--messages", str(folder / "chat.json"), "--think", "off"]
    return [way, str(folder), *(["--bytes-only"] if way == "check" else [])]


def measure(name: str, way: str, folder: Path) -> Taken:
    """One template, one way, in a process of its own."""
    (folder / "chat_template.jinja").write_text(ALL[name], encoding="utf-8")
    said = folder / "said.txt"
    child = os.fork()
    if child == 0:
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_ENDED, SECONDS_ENDED))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES_ENDED, BYTES_ENDED))
        collect_seldom()
        code = run(command(way, folder))
        sys.stdout.flush()
        os._exit(code)
    _, status, used = os.wait4(child, 0)
    told = said.read_text(encoding="utf-8", errors="replace")
    seconds = used.ru_utime + used.ru_stime
    return Taken(name, way, seconds, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), told)


def findings(told: str) -> str:
    """The codes in what a command printed."""
    words = told.replace(":", " ").split()
    return " ".join(sorted({w for w in words if w.startswith("MK") and w[2:].isdigit()}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"{', '.join(WAYS)}; by default all")
    parser.add_argument("--only", default="", help="only templates whose name has this text")
    parser.add_argument("--all", action="store_true", help="print every row, with the codes of its findings")
    asked = parser.parse_args(arguments)
    os.environ.pop("OLLAMA_BIN", None)
    rows: list[Taken] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        build_pair(folder)
        (folder / "chat.json").write_text(json.dumps(CHAT))
        (folder / "mkmodelfile.yaml").write_text(PACKAGE.format("chat_template.jinja"))
        for way in asked.ways or WAYS:
            for name in (n for n in ALL if asked.only in n):
                row = measure(name, way, folder)
                rows.append(row)
                if asked.all:
                    print(f"{_line(row)} {findings(row.told)}", flush=True)
    print(f"{'way':8} templates   median     most   memory")
    for way in asked.ways or WAYS:
        of_way = [r for r in rows if r.way == way]
        seconds = [r.seconds for r in of_way]
        print(
            f"{way:8} {len(of_way):9} {statistics.median(seconds):7.2f}s {max(seconds):7.2f}s "
            f"{max(r.mb for r in of_way):5.0f} MB"
        )
    too_much = [r for r in rows if r.too_much]
    for row in too_much:
        print(_line(row))
    return 1 if too_much else 0


def _line(row: Taken) -> str:
    return f"{row.way:8} {row.seconds:6.2f}s {row.mb:5.0f} MB  exit {row.status:3}  {row.name}"


if __name__ == "__main__":
    sys.exit(main())
