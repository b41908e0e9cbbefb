"""The parsers against answers that Ollama's own packages gave once; needs no Go."""

from __future__ import annotations

import base64
import collections
import json

from tests.ollama.parsers.compare import ours
from tests.ollama.parsers.generate import NAMES, TOOLS, Case
from tests.oracle.record import FOLDER, load


def test_replies() -> None:
    version = json.loads((FOLDER / "parsers.json").read_text(encoding="ascii"))["ollama"]
    endings: collections.Counter[str] = collections.Counter()
    called: set[str] = set()
    for name, tools, last, think, pieces, together, answer in load("parsers"):
        offered = [TOOLS[i] for i in tools] or None
        case = Case(name, offered, last, think, [base64.b64decode(piece) for piece in pieces], together)
        assert ours(case, version) == answer, case
        endings[answer[3]] += 1
        called |= {name} if answer[2] else set()
    assert min(endings["error"], endings["crash"]) > 0
    assert set(NAMES) - called == {"passthrough", "olmo3-think"}
