"""docs/renderers.md says what the tool finds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import pytest

from tools.renderer_pairs import PAGE, PAIRS, rows

CORPUS = PAGE.parents[2] / "shared" / "corpus"
needs_templates = pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no ../shared/corpus here")


# make soak proves them all.
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"


def lines() -> list[str]:
    return PAGE.read_text(encoding="utf-8").splitlines()


def states(found: Iterable[str]) -> set[str]:
    """Rows without their counts, which change with every conversation that the proof gets."""
    return {re.sub(r"\d+ and \d+ of \d+", "counts", row) for row in found}


def test_every_pair_has_its_row() -> None:
    shown = [tuple(line.strip("| ").split(" | ")[:2]) for line in lines() if line.startswith("| ")]
    assert [(renderer, name) for renderer, _, name in PAIRS] == shown[2:]


@needs_templates
@pytest.mark.parametrize("pair", PAIRS if SOAK else [PAIRS[0], PAIRS[10]], ids=lambda pair: pair[2])
def test_rows_are_current(pair: tuple[str, str, str]) -> None:
    assert states(rows(CORPUS, [pair])) <= states(lines())
