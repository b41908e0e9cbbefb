"""An hour of fuzzing: `python -m tools.soak --minutes 60 [--seed 1]`, in rounds with a seed of their own.

A round gives every fuzzer so many inputs, always the same for its seed. The clock only decides whether a next
one begins. What shows a fault is kept in fuzz-found/ and printed with the command that repeats it; the exit
code says whether there was one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One fuzzer. count: its inputs in a round, about a minute's on an idle machine at most."""

    name: str
    module: str
    count: int

    def command(self, seed: int) -> list[str]:
        """What runs it."""
        return [sys.executable, "-W", "ignore", "-m", self.module, str(self.count), str(seed)]


PARTS = (
    Part("GGUF files", "tests.gguf_file.fuzz", 25_000),
    Part("package files", "tests.package.fuzz", 5_000),
    Part("Modelfiles", "tests.ollama.fuzz", 10_000),
    Part("replies", "tests.ollama.parsers.fuzz", 20_000),
    Part("Go templates", "tests.gotemplate.fuzz", 10_000),
    Part("chat templates", "tests.compiler.fuzz", 60),
    Part("branches of chat templates", "tests.prover.fuzz", 600),
    Part("answers of servers", "tests.cli.fuzz_http", 100),
    Part("foreign text", "tests.cli.fuzz_terminal", 200),
    Part("tokenizers", "tests.reference_tokenizer.fuzz", 100),
    Part("images", "tests.vision.fuzz", 1_000),
    Part("lock files", "tests.package.fuzz_lock", 3_000),
)


def soak(seed: int, parts: Sequence[Part]) -> list[str]:
    """One round; returns the commands of the parts that found something."""
    found = []
    for part in parts:
        command = part.command(seed)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = (done.stdout.strip().splitlines() or ["nothing was said"])[-1]
        print(f"seed {seed}, {part.name}: {last}", flush=True)
        if done.returncode:
            print(f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}", flush=True)
            found.append(f"python -m {part.module} {part.count} {seed}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs rounds until the time is over; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="no round begins after that")
    parser.add_argument("--rounds", type=int, help="so many rounds, whatever the clock says")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each later one has the next")
    given = parser.parse_args(arguments)
    until = time.monotonic() + 60 * given.minutes
    found: list[str] = []
    done = 0
    while done < given.rounds if given.rounds is not None else time.monotonic() < until:
        found += soak(given.seed + done, PARTS)
        done += 1
    inputs = {part.name: f"{done * part.count:,}" for part in PARTS}
    print(f"{done} rounds: {', '.join(f'{count} {name}' for name, count in inputs.items())}")
    print(f"{len(found)} faults")
    for command in found:
        print(f"  {command}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
