"""What the fuzzers share: the command line, the counts of what they did, and the inputs that they keep.

Every fuzzer runs as `python -m tests.ROOM.fuzz COUNT SEED`. The same seed gives the same inputs. It prints
what it did, keeps each input that shows a fault as a file of its own, and ends with 1 if there was one.
"""

from __future__ import annotations

import argparse
import hashlib
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEPT = 20  # faults that are printed and kept; one more tells nothing new
FOLDER = Path("fuzz-found")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and the input that shows it. suffix: of the file in which it is kept."""

    what: str
    data: bytes
    suffix: str = ".bin"


Tally = Counter[str]
Cases = Callable[[int, int, Tally], Iterator[Fault | None]]
"""Count, seed and what is counted, to one fault or None for each input."""


class HangError(BaseException):
    """What was looked at had not ended in time; no `except Exception` holds it."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raises HangError in the main thread where what is inside takes longer.

    seconds: far more than a busy machine needs.
    """

    def late(*_: object) -> None:
        raise HangError(f"not ended after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def keep(fault: Fault, folder: Path = FOLDER) -> Path:
    """Writes the input of a fault into the folder; its name is that of its content."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(fault.data).hexdigest()[:16]}{fault.suffix}"
    path.write_bytes(fault.data)
    return path


def show(fault: Fault, number: int, folder: Path = FOLDER) -> None:
    """Prints a fault, and where its input is kept."""
    print(f"input {number}: {fault.what}\n  kept as {keep(fault, folder)}", flush=True)


def run(name: str, cases: Cases, arguments: Sequence[str] | None = None) -> int:
    """Looks at so many inputs as the command line says; returns its exit code.

    name: what the inputs are, in the plural.
    """
    parser = argparse.ArgumentParser(description=f"Looks at generated {name}.")
    parser.add_argument("count", type=int, help="inputs")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--keep", type=Path, default=FOLDER, help="the folder for inputs that show a fault")
    given = parser.parse_args(arguments)
    folder = given.keep.absolute()  # what is looked at may change the current folder
    tally: Tally = Counter()
    faults = 0
    step = max(given.count // 20, 1)
    for number, fault in enumerate(cases(given.count, given.seed, tally), 1):
        if fault is not None:
            faults += 1
            if faults <= KEPT:
                show(fault, number, folder)
        if number % step == 0 and number < given.count:
            print(f"{number:,} {name}, {faults} faults", flush=True)
    for words, many in sorted(tally.items()):
        print(f"  {words}: {many:,}")
    print(f"{given.count:,} {name} of seed {given.seed}: {faults} faults", flush=True)
    return 1 if faults else 0
