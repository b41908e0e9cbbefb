"""Fifty texts that were labelled from the sources alone, and what doctor answers to them on its command line.

The labels are a second opinion beside harvested_errors.txt: labelled_errors.txt says how they were made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from modelfile_kit.cli.main import run

FILE = Path(__file__).with_name("labelled_errors.txt")
HARVEST = FILE.with_name("harvested_errors.txt")


class Label(NamedTuple):
    """codes: each is right; words: of each group the answer holds one."""

    text: str
    codes: list[str]
    words: list[list[str]]
    meaning: str


def _labels() -> list[Label]:
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")]
    labels = []
    for text, right, meaning in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        codes, words = right.removeprefix("= ").replace("+", "").split(" | ")
        groups = [group.strip().casefold().split("/") for group in words.split(",")]
        labels.append(Label(text, codes.split(), groups, meaning))
    return labels


LABELS = _labels()


def test_fifty_harvested_texts_are_labelled():
    harvested = {line.partition(" ")[2] for line in HARVEST.read_text(encoding="utf-8").splitlines()}
    assert len({label.text for label in LABELS}) == 50
    assert [label for label in LABELS if label.text not in harvested or not label.meaning] == []


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.text[:40])
def test_doctor_answers_as_the_label_says(label, capsys):
    assert run(["doctor", "--format", "json", label.text]) == 1
    [found] = json.loads(capsys.readouterr().out)["diagnostics"]
    answer = f"{found['message']} {found['help']}".casefold()
    assert found["code"] in label.codes
    assert [group for group in label.words if not any(word in answer for word in group)] == []
