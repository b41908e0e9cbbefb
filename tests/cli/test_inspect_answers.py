"""What `inspect` keeps of a model from one run to the next."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.cli import inspect_answers
from modelfile_kit.cli.inspect_answers import Answers, answers
from modelfile_kit.gguf_file import Header, read_header
from modelfile_kit.micro import build_model

ADDS = (
    "{% if messages[0].role != 'system' %}<|system|>You are a helpful assistant.{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return build_model(tmp_path / "model.gguf", chat_template=ADDS)


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are worked out, in order."""
    found: list[str] = []
    work: Callable[[Any], Answers] = inspect_answers._worked_out

    def noted(header: Header) -> Answers:
        found.append(header.path.name)
        return work(header)

    monkeypatch.setattr(inspect_answers, "_worked_out", noted)
    return found


def test_the_same_header_is_worked_out_once_under_any_name(
    model: Path, tmp_path: Path, works: list[str]
) -> None:
    first = answers(read_header(model), tmp_path / "kept")
    other = tmp_path / "other.gguf"
    shutil.copy(model, other)
    again = answers(read_header(other), tmp_path / "kept")
    assert works == ["model.gguf"]
    # JSON has no tuples and only texts for keys.
    assert again.memory == first.memory
    assert again.memory
    assert (again.family, again.in_ollama, again.replies_in_words) == (
        first.family,
        first.in_ollama,
        first.replies_in_words,
    )
    assert json.loads(json.dumps(first.replies)) == again.replies
    [told] = again.findings("other.gguf")
    assert told == first.findings("other.gguf")[0]
    assert (told.code, told.span.file) == ("MK262", "other.gguf: tokenizer.chat_template")


def test_another_header_is_another_answer(model: Path, tmp_path: Path, works: list[str]) -> None:
    other = build_model(tmp_path / "other.gguf")
    first, second = (answers(read_header(path), tmp_path / "kept") for path in (model, other))
    assert works == ["model.gguf", "other.gguf"]
    assert first.contents
    assert not second.contents


def test_another_kit_is_another_answer(
    model: Path, tmp_path: Path, works: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = tmp_path / "kit"
    (kit / "inner").mkdir(parents=True)
    (kit / "inner" / "a.py").write_text("1")
    monkeypatch.setattr(inspect_answers, "_OWN", (kit,))
    header = read_header(model)
    answers(header, tmp_path / "kept")
    answers(header, tmp_path / "kept")
    assert len(works) == 1
    (kit / "inner" / "a.py").write_text("22")
    answers(header, tmp_path / "kept")
    assert len(works) == 2


def test_another_jinja_is_another_answer(
    model: Path, tmp_path: Path, works: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(model)
    answers(header, tmp_path / "kept")
    package = tmp_path / "jinja2"
    package.mkdir()
    (package / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location("jinja2", package / "__init__.py")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: spec if name == "jinja2" else find(name, *more)
    )
    answers(header, tmp_path / "kept")
    assert len(works) == 2


EMPTY: dict[str, Any] = {
    "family": "",
    "in_ollama": [],
    "memory": {},
    "replies": None,
    "replies_in_words": "",
    "contents": [],
}
ODD: tuple[dict[str, Any], ...] = (
    {"memory": {"a": 1}},
    {"memory": 1},
    {"contents": [{}]},
    {"in_ollama": [1]},
    {"replies": 1},
)


@pytest.mark.parametrize(
    "kept",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"{}", b"[" * 100_000),
        *(json.dumps(EMPTY | odd).encode() for odd in ODD),
    ],
)
def test_what_cannot_be_read_is_worked_out_again(
    model: Path, tmp_path: Path, works: list[str], kept: bytes
) -> None:
    header = read_header(model)
    first = answers(header, tmp_path / "kept")
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(kept)
    assert answers(header, tmp_path / "kept") == first
    assert len(works) == 2


def test_a_folder_that_cannot_be_written_is_no_error(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert answers(read_header(model), tmp_path / "file" / "kept").contents


def test_the_oldest_go(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_answers, "FILES_MAX", 2)
    folder = tmp_path / "kept"
    folder.mkdir()
    for age, name in ((3, "a"), (1, "b"), (2, "c")):
        (folder / f"{name}.json").write_text("{}")
        os.utime(folder / f"{name}.json", (1e9 - age, 1e9 - age))
    answers(read_header(model), folder)
    left = {path.name for path in folder.iterdir()}
    assert len(left) == 2
    assert "b.json" in left


def test_a_split_model_is_not_kept(tmp_path: Path, works: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_model(tmp_path / "model.gguf")
    header = read_header(path)
    monkeypatch.setattr(
        type(header.metadata), "integer", lambda self, key: 2 if key == "split.count" else None
    )
    answers(header, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert works == ["model.gguf"]
