"""A seeded share of what `python -m tests.gotemplate.fuzz` does at any scale."""

from __future__ import annotations

import os

import pytest

from tests.gotemplate.fuzz import Tally, differences

# More pairs in a longer run: MKMODELFILE_FUZZ=100000.
_COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "2000"))


@pytest.mark.oracle
def test_go_gives_the_same_answers(oracle):
    tally = Tally()
    found = list(differences(oracle, _COUNT, 4711, tally))
    assert not found, f"{tally}; first: {found[0]}"
    assert tally.accepted > _COUNT // 3
    assert tally.refused > _COUNT // 4
    assert tally.unjudged < _COUNT // 10
