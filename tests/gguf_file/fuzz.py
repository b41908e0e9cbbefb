"""Mutated GGUF files against ggml's own reader: `python -m tests.gguf_file.fuzz 1000000 7`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.fuzzing import Fault, Tally, run
from tests.gguf_file.against_ggml import TAKEN, ask, mutations


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What both readers say of `count` files."""
    with tempfile.TemporaryDirectory() as folder:
        for verdict in ask(mutations(seed), count, Path(folder)):
            ours = TAKEN if verdict.ours == TAKEN else "refused"
            tally[f"ours {ours}, ggml {verdict.ggml}"] += 1
            wrong = verdict.wrong
            yield Fault(f"{wrong}: {verdict.ours}", verdict.data, ".gguf") if wrong else None


if __name__ == "__main__":
    raise SystemExit(run("GGUF files", cases))
