"""Many generated replies against Ollama's own packages, by the parsers and by the tags.

    python -m tests.ollama.parsers.fuzz 1000000 7 [--version 0.33.0] [--only parsers|tags]

Every difference is printed and kept; the exit code says whether there was one.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.fuzzing import FOLDER, Fault, show
from tests.ollama.generate_replies import tag_cases
from tests.ollama.parsers.compare import differences
from tests.ollama.parsers.generate import cases
from tests.ollama.test_replies_oracle import different
from tests.oracle.oracle import LATEST, Oracle

SHOWN = 20
PROGRESS = 50_000


def _counted(wanted: Iterable[Any], kind: str) -> Iterator[Any]:
    """The cases, with a line of progress now and then."""
    for i, case in enumerate(wanted, 1):
        yield case
        if i % PROGRESS == 0:
            print(f"{kind}: {i:,} asked", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks, prints, and says how it ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--version", default=LATEST)
    parser.add_argument("--only", choices=("parsers", "tags"))
    parser.add_argument("--keep", type=Path, default=FOLDER, help="the folder for replies that differ")
    given = parser.parse_args(arguments)
    found = 0
    with Oracle(given.version) as judge:
        for kind, compare, generate in (("parsers", differences, cases), ("tags", different, tag_cases)):
            if given.only not in (None, kind):
                continue
            wanted: Any = _counted(generate(given.seed, given.count), kind)
            answers: Iterator[Any] = compare(judge, wanted)
            unlike = list(itertools.islice(answers, SHOWN))
            for number, (case, theirs, mine) in enumerate(unlike, 1):
                words = f"{case}\n  Ollama {theirs}\n  ours   {mine}"
                show(Fault(words, repr(case).encode("utf-8", "backslashreplace"), ".txt"), number, given.keep)
            print(f"{kind}: {given.count:,} replies at {given.version}, {len(unlike)} differences")
            found += len(unlike)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
