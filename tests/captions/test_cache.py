"""Answers on the disk: whole or not there, and under a key that everything changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.captions.cache import AnswerCache, answer_key
from modelfile_kit.captions.models import Question
from modelfile_kit.runtime.completion import Completion

ANSWER = Completion("a red\nsquare 红", 20, 3, "stop", "hm")
KEY = answer_key(b"image", {"model": "m"})


def test_an_answer_comes_back(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "new" / "folder")
    assert cache.read(KEY) is None
    cache.write(KEY, ANSWER)
    assert AnswerCache(tmp_path / "new" / "folder").read(KEY) == ANSWER
    assert [p.suffix for p in tmp_path.rglob("*") if p.is_file()] == [".json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"key": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_counts_as_none_and_is_replaced(tmp_path: Path, damage: bytes) -> None:
    cache = AnswerCache(tmp_path)
    cache.write(KEY, ANSWER)
    (file,) = (p for p in tmp_path.rglob("*.json"))
    file.write_bytes(damage)
    assert cache.read(KEY) is None
    cache.write(KEY, ANSWER)
    assert cache.read(KEY) == ANSWER


def test_an_answer_under_another_name_is_not_taken(tmp_path: Path) -> None:
    cache, other = AnswerCache(tmp_path), answer_key(b"other", {"model": "m"})
    cache.write(KEY, ANSWER)
    (file,) = tmp_path.rglob("*.json")
    target = tmp_path / other[:2] / f"{other}.json"
    target.parent.mkdir(exist_ok=True)
    file.rename(target)
    assert cache.read(other) is None


def test_without_a_folder_nothing_is_remembered() -> None:
    cache = AnswerCache(None)
    cache.write(KEY, ANSWER)
    assert cache.read(KEY) is None


def test_everything_that_decides_an_answer_is_in_its_key() -> None:
    questions = [
        Question(),
        Question("what?"),
        Question(system="be brief"),
        Question(max_tokens=9),
        Question(temperature=0.5),
        Question(think=False),
    ]
    keys = {answer_key(b"image", {"question": q.facts(), "model": m}) for q in questions for m in ("a", "b")}
    assert len(keys) == 2 * len(questions)
    assert answer_key(b"image", {"a": 1, "b": 2}) == answer_key(b"image", {"b": 2, "a": 1})
    assert answer_key(b"image", {"a": 1}) != answer_key(b"images", {"a": 1})
