"""Mutated GGUF files against ggml's own reader.

    python -m tests.gguf_file.fuzz 1000000 7

Every difference is printed; the exit code says whether there was one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.gguf_file.against_ggml import TAKEN, ask, mutations

SHOWN = 20
PROGRESS = 50_000


def main() -> int:
    """Asks, prints, and says how it ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    answers: Counter[str] = Counter()
    unlike: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for n, verdict in enumerate(ask(mutations(given.seed), given.count, Path(folder)), 1):
            ours = TAKEN if verdict.ours == TAKEN else "refused"
            answers[f"ours {ours}, ggml {verdict.ggml}"] += 1
            if verdict.wrong:
                unlike[verdict.wrong] += 1
                if unlike.total() <= SHOWN:
                    print(f"{verdict.wrong}: {verdict.ours}\n  {verdict.data.hex()}", flush=True)
            if n % PROGRESS == 0:
                print(f"{n:,} asked", flush=True)
    for words, many in sorted(answers.items()):
        print(f"{words}: {many:,}")
    print(f"{given.count:,} files, {unlike.total()} differences {dict(unlike) or ''}")
    return 1 if unlike else 0


if __name__ == "__main__":
    raise SystemExit(main())
