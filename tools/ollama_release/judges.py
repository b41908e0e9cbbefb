"""The questions of tests/ollama/recorded, put to the judges of two releases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.oracle.oracle import Oracle, OracleUnavailableError
from tests.oracle.record import FOLDER, RECORDERS


def answers(version: str) -> dict[str, list[Any]]:
    """What a release's packages answer, by the name of the recording. Raises OracleUnavailableError."""
    with Oracle(version) as judge:
        return {name: make(judge) for name, make in RECORDERS.items()}


def judged(last: str, new: str) -> Iterator[str]:
    """Which recorded answers differ, with an example of each kind."""
    try:
        before, after = answers(last), answers(new)
    except OracleUnavailableError as e:
        yield f"  the judge cannot be built: tests/oracle/program has to follow\n    {str(e)[-600:]}"
        return
    for name, cases in before.items():
        pairs = list(zip(cases, after[name], strict=False))
        other = [pair for pair in pairs if pair[0] != pair[1]]
        yield f"  {name}: {len(other)} of {len(pairs)} answers differ"
        for old, now in other[:2]:
            yield f"    {last}: {json.dumps(old)}"[:300]
            yield f"    {new}: {json.dumps(now)}"[:300]


def stale_recordings(version: str) -> Iterator[str]:
    """Recorded files that are not what the judge of this release answers. Raises OracleUnavailableError."""
    for name, cases in answers(version).items():
        kept = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
        if kept["ollama"] != version or kept["cases"] != json.loads(json.dumps(cases)):
            yield f"tests/ollama/recorded/{name}.json: run `python -m tests.oracle.record`"
