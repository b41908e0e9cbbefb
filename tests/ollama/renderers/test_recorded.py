"""The renderers against prompts that Ollama's own packages made once; needs no Go."""

from __future__ import annotations

import collections
import json

from tests.ollama.renderers.compare import agree, ours
from tests.ollama.renderers.generate import NAMES, Case
from tests.oracle.record import FOLDER, load


def test_prompts() -> None:
    recorded = json.loads((FOLDER / "renderers.json").read_text(encoding="ascii"))
    made: collections.Counter[str] = collections.Counter()
    refused = 0
    for *fields, answer in load("renderers"):
        case = Case(*fields)
        mine, varies = ours(case, recorded["ollama"])
        assert agree(answer, mine, varies), case
        made[case.renderer] += answer[0] == "prompt"
        refused += answer[0] == "refused"
    assert set(made) == set(NAMES)
    assert min(made.values()) > 3
    assert refused > 3
