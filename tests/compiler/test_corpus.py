"""Real templates, where they are at hand: nothing that is claimed exact differs from the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus import Score, score_template

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no ../shared/corpus here")
def test_nothing_claimed_exact_is_wrong(oracle: Any) -> None:
    score = Score()
    conversations = json.loads((CORPUS / "conversations.json").read_text())
    for entry in json.loads((CORPUS / "index.json").read_text()):
        source = (CORPUS / entry["file"]).read_text(encoding="utf-8")
        score_template(oracle, score, source, entry, conversations, 0)
    assert score.silent == []
    least = {"chat": 0.995, "tools": 0.97, "thinking": 0.97, "images": 1.0}
    shares = {kind: score.good[kind] / score.total[kind] for kind in least}
    assert all(shares[kind] >= least[kind] for kind in least), shares
