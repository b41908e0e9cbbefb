"""Go's own answers, recorded (`cases.py`): the same output, the same refusal in the same words and place."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.gotemplate.cases import DATA, RECORDED, cases, record
from tests.gotemplate.fuzz import ours

_TABLE = json.loads(RECORDED.read_text())
_TEMPLATES = {(group, name): template for group, name, template in cases()}
_GROUPS = sorted({case["group"] for case in _TABLE["cases"]})


def _answer(case: dict[str, Any]) -> str:
    return f"output: {case['output']}" if "output" in case else f"error: {case['error']}"


@pytest.mark.parametrize("group", _GROUPS)
def test_recorded_answers(group):
    wrong = []
    for case in _TABLE["cases"]:
        if case["group"] == group:
            mine = ours(_TEMPLATES[group, case["name"]], DATA)
            assert mine["ok"] is not None, mine
            if _answer(case) != _answer({k: v for k, v in mine.items() if k in ("output", "error")}):
                wrong.append((case["name"], _answer(case), mine))
    assert not wrong, f"{len(wrong)} differences, e.g. {wrong[0]}"


def test_every_group_has_outputs_and_errors():
    counts = Counter((case["group"], "output" in case) for case in _TABLE["cases"])
    assert sum(counts.values()) > 1000
    for group in ("execute", "functions", "parse"):
        assert counts[group, True] > 40
        assert counts[group, False] > 40


@pytest.mark.oracle
def test_the_record_is_what_go_answers(oracle):  # the fixture skips where there is no Go
    assert oracle.version == _TABLE["ollama"]
    assert record() == _TABLE["cases"]
