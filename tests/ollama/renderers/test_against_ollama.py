"""The renderers against Ollama's own packages: `make fuzz N=1000000` asks about a million requests."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

import pytest

from tests.ollama.renderers.compare import differences
from tests.ollama.renderers.generate import cases
from tests.oracle.oracle import TAGS, VERSIONS, Oracle

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "5200"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
JUDGED = [v for v in VERSIONS if tuple(map(int, v.split("."))) >= TAGS["renderer_prompt"]]


@pytest.mark.parametrize("version", JUDGED)
def test_prompts(oracle_for: Callable[[str], Oracle], version: str) -> None:
    count = COUNT if version == VERSIONS[-1] else max(COUNT // 2, 2600)
    different = list(itertools.islice(differences(oracle_for(version), cases(SEED, count)), 3))
    assert different == []
