"""Asks llama-server how much memory models of real shape take.

    python -m tests.fit.record [LLAMA_SERVER [MODEL …]]

It writes what the server's log says into tests/fit/engine_memory.txt; models that are not named keep their
lines. The files are sparse and the server is stopped as soon as it has reserved its buffers, but the cache
takes real memory (up to 13 GB): one run at a time, each waits until there is enough.
"""

from __future__ import annotations

import datetime
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modelfile_kit.runtime.llama_server import find_llama_server

from .real_models import MODELS, write

RECORD = Path(__file__).with_name("engine_memory.txt")
SPARE = 4 << 30
SECONDS = 240.0
_LINE = re.compile(r"(\S+) (model|KV|RS|compute|output) buffer size =\s+([\d.]+) MiB")
_BUILD = re.compile(r"commit (\w+)")


@dataclass(frozen=True)
class Run:
    """One way of running a model; in the file a line begins with it."""

    model: str
    context: int
    cache: str = "f16"
    flash: bool = True
    slots: int = 1

    @property
    def words(self) -> str:
        flash = "on" if self.flash else "off"
        return f"{self.model} {self.context} {self.cache} {flash} {self.slots}"

    @property
    def arguments(self) -> list[str]:
        return [
            *("-c", str(self.context * self.slots), "-np", str(self.slots)),
            *("--cache-type-k", self.cache, "--cache-type-v", self.cache),
            *("--flash-attn", "on" if self.flash else "off"),
        ]


@dataclass(frozen=True)
class Memory:
    """What the server reports, in MiB: weights, keys and values, states, compute buffer, output."""

    model: float
    cache: float
    states: float
    compute: float
    output: float

    @property
    def words(self) -> str:
        values = (self.model, self.cache, self.states, self.compute, self.output)
        return " ".join(f"{value:.2f}" for value in values)


def runs(model: str) -> Iterator[Run]:
    """Short and long contexts with both cache types, attention without its flash, four conversations."""
    for context in (4096, 32768):
        for cache in ("f16", "q8_0"):
            yield Run(model, context, cache)
    yield Run(model, 4096, flash=False)
    yield Run(model, 4096, slots=4)


def read_record(path: Path = RECORD) -> dict[Run, Memory]:
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            model, context, cache, flash, slots, *values = line.split()
            run = Run(model, int(context), cache, flash == "on", int(slots))
            found[run] = Memory(*map(float, values))
    return found


def ask(program: Path, file: Path, arguments: list[str]) -> Memory:
    """What llama-server says of a file. Raises RuntimeError with the end of its log."""
    command = [
        *(str(program), "--model", str(file), "--host", "127.0.0.1", "--port", str(_free_port())),
        *("--offline", "--no-warmup", "-t", "1", "-ngl", "0", "-fit", "off", "--no-repack"),
        *("-b", "512", "-ub", "512", "--log-verbosity", "4", "--no-log-prefix", *arguments),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = threading.Timer(SECONDS, process.kill)
    end.start()
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "reserve took" in line:
                break
        else:
            raise RuntimeError("".join(lines[-20:]))
    finally:
        end.cancel()
        process.kill()
        process.wait()
    sums = dict.fromkeys(("model", "KV", "RS", "compute", "output"), 0.0)
    for line in lines:
        if found := _LINE.search(line.replace("  output", " output")):
            sums[found[2]] += float(found[3])
    return Memory(sums["model"], sums["KV"], sums["RS"], sums["compute"], sums["output"])


def main(arguments: list[str]) -> int:
    program = Path(arguments[0]) if arguments else find_llama_server()
    if program is None:
        sys.stderr.write("no llama-server found\n")
        return 2
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    commit = _BUILD.search(done.stderr + done.stdout)
    known = read_record() if RECORD.exists() else {}
    for name in arguments[1:] or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            file = write(Path(folder) / "model.gguf", MODELS[name])
            for run in runs(name):
                _wait_for(16 << 30 if run.context > 8192 and name in BIG else 3 << 30)
                known[run] = ask(program, file, run.arguments)
                sys.stdout.write(f"{run.words}: {known[run].words}\n")
                sys.stdout.flush()
                _save(known, commit[1] if commit else "unknown")
    return 0


BIG = ("Phi-3-mini-4k", "Gemma-2-9B")


def _save(known: dict[Run, Memory], commit: str) -> None:
    head = (
        "# What llama-server reports of models of real shape (tests/fit/real_models.py), in MiB.\n"
        f"# llama.cpp commit {commit}, {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d},\n"
        "# made by `python -m tests.fit.record` with -ngl 0 --no-repack -b 512 -ub 512.\n"
        "# model context cache flash-attention slots | weights keys-and-values states compute output\n"
    )
    order = {run: n for n, run in enumerate(run for name in MODELS for run in runs(name))}
    lines = [f"{run.words} {known[run].words}\n" for run in sorted(known, key=lambda run: order[run])]
    RECORD.write_text(head + "".join(lines))


def _wait_for(needed: int) -> None:
    """Until so many bytes of memory are free, beside some to spare."""
    while _available() < needed + SPARE:
        time.sleep(5)


def _available() -> int:
    found = re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())
    return int(found[1]) << 10 if found else 1 << 62


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
