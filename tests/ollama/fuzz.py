"""Generated Modelfiles against Ollama's own parser: `python -m tests.ollama.fuzz 100000 7`.

Each means the same to both, or is refused by both for the same reason at the same line. What is taken is
written and formatted, and means to Ollama what it meant before.
"""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

from modelfile_kit import ModelfileError, parse_modelfile
from modelfile_kit.lint.fmt import format_modelfile
from tests.fuzzing import Fault, Tally, run
from tests.ollama.generate_modelfiles import modelfiles
from tests.ollama.test_modelfile_oracle import ours, theirs
from tests.oracle.oracle import LATEST, Oracle, b64, modelfile_answer

AT_ONCE = 500


def cases(count: int, seed: int, tally: Tally, version: str = LATEST) -> Iterator[Fault | None]:
    """What is wrong with the reading and the writing of each file."""
    files = modelfiles(seed, count)
    with Oracle(version) as judge:
        while batch := list(itertools.islice(files, AT_ONCE)):
            again = [texts for data in batch for texts in _written(data)]
            meanings = _meanings(judge, batch)
            rewritten = iter(_meanings(judge, [text for text in again if isinstance(text, bytes)]))
            for n, data in enumerate(batch):
                found = again[2 * n : 2 * n + 2]
                # each answer belongs to one text, whatever is wrong with the file
                later = [next(rewritten) if isinstance(text, bytes) else text for text in found]
                what = _fault(data, meanings[n], later, version)
                tally["refused" if isinstance(meanings[n], tuple) else "taken"] += 1
                yield Fault(what, data, ".Modelfile") if what else None


def _written(data: bytes) -> list[bytes | str]:
    """The file as it is written and as it is formatted; "" where it is refused, else what is wrong."""
    try:
        parsed = parse_modelfile(data, dialect=False)
        formatted = format_modelfile(data)
        if format_modelfile(formatted) != formatted:
            return ["formatting it twice changes it again"] * 2
        return [str(parsed).encode(), formatted.encode()]
    except ModelfileError:
        return ["", ""]
    except Exception:
        return ["crash: " + traceback.format_exc(limit=-3)] * 2


def _meanings(judge: Oracle, files: Sequence[bytes]) -> list[Any]:
    questions = ({"op": "modelfile", "data_b64": b64(data)} for data in files)
    return [theirs(modelfile_answer(answer)) for answer in judge.ask_all(questions)]


def _fault(data: bytes, meaning: Any, later: list[Any], version: str) -> str:
    if bad := next((text for text in later if isinstance(text, str) and text), ""):
        return bad
    found = ours(data, version)
    if found != meaning:
        return f"ours {found}\n  Ollama {meaning}"
    for how, other in zip(("written", "formatted"), later, strict=True):
        if not isinstance(meaning, tuple) and other not in ("", meaning):
            return f"{how}, it means {other}\n  before {meaning}"
    return ""


if __name__ == "__main__":
    raise SystemExit(run("Modelfiles", cases))
