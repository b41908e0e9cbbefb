"""Findings that are known: counted by file, code and text."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.core.errors import UsageError
from modelfile_kit.lint.baseline import Baseline


def finding(file: str | Path, line: int, code: str = "MK110", text: str = "no such parameter") -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, text, Span(str(file), line, 1))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / "m" / name).mkdir(parents=True)
        (tmp_path / "m" / name / "Modelfile").write_text("FROM x\n")
    return tmp_path / "known.json"


def written(file: Path, found: list[Diagnostic], looked: list[str]) -> Baseline:
    before = Baseline.read(file) if file.exists() else Baseline(file)
    before.updated(found, looked).write()
    return Baseline.read(file)


def test_lines_do_not_count_but_numbers_do(file):
    known = written(file, [finding("m/a/Modelfile", 3), finding("m/a/Modelfile", 5)], ["m/a/Modelfile"])
    moved = [finding("m/a/Modelfile", n) for n in (13, 15, 17)]
    assert known.new_of(moved[:2]) == []
    assert known.new_of(moved) == [moved[2]]
    assert known.new_of([finding("m/b/Modelfile", 3)]) == [finding("m/b/Modelfile", 3)]
    assert len(known.new_of([finding("m/a/Modelfile", 3, "MK111")])) == 1
    assert len(known.new_of([finding("m/a/Modelfile", 3, text="another")])) == 1


def test_lines_within_a_text_do_not_count(file):
    known = written(
        file, [finding("m/a/Modelfile", 3, text="the one in line 7 replaces it")], ["m/a/Modelfile"]
    )
    assert known.new_of([finding("m/a/Modelfile", 4, text="the one in line 8 replaces it")]) == []


def test_the_same_file_by_another_path(file):
    known = written(file, [finding("m/a/Modelfile", 3)], ["m/a/Modelfile"])
    for other in ("./m/a/Modelfile", "m/b/../a/Modelfile", file.parent / "m/a/Modelfile"):
        assert known.new_of([finding(other, 3)]) == []


def test_an_update_keeps_what_was_not_looked_at(file):
    both = [finding("m/a/Modelfile", 3), finding("m/b/Modelfile", 3)]
    written(file, both, ["m/a/Modelfile", "m/b/Modelfile"])
    assert written(file, [], ["m/a/Modelfile"]).counts == Counter(
        {("m/b/Modelfile", "MK110", "no such parameter"): 1}
    )
    (file.parent / "m/b/Modelfile").unlink()
    assert written(file, [], ["m/a/Modelfile"]).counts == Counter()


def test_what_is_gone_is_counted(file):
    both = [finding("m/a/Modelfile", 3), finding("m/a/Modelfile", 4), finding("m/b/Modelfile", 3)]
    known = written(file, both, ["m/a/Modelfile", "m/b/Modelfile"])
    assert known.gone(both[:1], ["m/a/Modelfile"]) == 1
    assert known.gone([], ["m/a/Modelfile", "m/b/Modelfile"]) == 3


def test_the_file_is_the_same_from_run_to_run(file):
    found = [finding("m/b/Modelfile", 3), finding("m/a/Modelfile", 3), finding("m/a/Modelfile", 9)]
    written(file, found, ["m/a/Modelfile", "m/b/Modelfile"])
    text = file.read_text()
    written(file, found[::-1], ["m/b/Modelfile", "m/a/Modelfile"])
    assert file.read_text() == text
    assert json.loads(text)["findings"]["m/a/Modelfile"] == [
        {"code": "MK110", "text": "no such parameter", "count": 2}
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a baseline"),
        ('{"findings": {}}', "version None"),
        ('{"version": 2, "findings": {}}', "version 2, expected 1"),
        ('{"version": 1, "findings": {"m": 3}}', "'m' is not a list"),
        ('{"version": 1, "findings": {"m": [{"code": "MK110", "text": "x", "count": -1}]}}', "'m' is not"),
        ('{"version": 1, "findings": {"m": [{"code": "MK110", "text": "x", "count": true}]}}', "'m' is not"),
    ],
)
def test_a_file_that_is_none(file, text, words):
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        Baseline.read(file)


def test_no_file(file):
    with pytest.raises(UsageError) as error:
        Baseline.read(file)
    assert (error.value.code, "--update-baseline" in error.value.help) == ("MK908", True)
