"""Folders behind FROM: what Ollama takes from them, and the pair that it makes."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.gguf_file import read_header
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro import build_pair
from tests.lint.helpers import write_model, write_projector


def codes(text, **how):
    return [d.code for d in lint_modelfile(text, **how) if d.severity != "info"]


def test_a_folder_is_judged_like_the_files_in_it(tmp_path):
    build_pair(tmp_path / "good")
    build_pair(tmp_path / "bad", fault="width")
    assert codes("FROM ./good\n", base=tmp_path) == []
    assert "MK412" in codes("FROM ./bad\n", base=tmp_path)


def test_a_vision_model_without_projector_in_a_folder(tmp_path):
    pair = build_pair(tmp_path / "m")
    pair.projector.unlink()
    (found,) = (d for d in lint_modelfile("FROM ./m\n", base=tmp_path) if d.code == "MK436")
    assert found.span.line == 1


def test_a_broken_file_in_a_folder_is_named(tmp_path):
    write_model(tmp_path, "m/a.gguf")
    (tmp_path / "m/b.gguf").write_bytes(b"GGUF")
    (found,) = (d for d in lint_modelfile("FROM ./m/\n", base=tmp_path) if d.code == "MK404")
    assert found.message.startswith("./m/b.gguf: ")


def test_a_folder_with_a_projector_alone_has_no_model(tmp_path):
    (tmp_path / "m").mkdir()
    write_projector(tmp_path / "m")
    assert "MK433" in codes("FROM ./m\n", base=tmp_path)


def test_safetensors_come_first(tmp_path):
    write_model(tmp_path, "m/a.gguf")
    (tmp_path / "m/b.gguf").write_bytes(b"GGUF")
    (tmp_path / "m/model.safetensors").write_bytes(b"")
    assert codes("FROM ./m\n", base=tmp_path) == []


def test_a_model_is_read_once_and_again_when_it_changes(tmp_path, monkeypatch):
    read: list[Path] = []

    def counted(path):
        read.append(path)
        return read_header(path)

    monkeypatch.setattr("modelfile_kit.lint.files.read_header", counted)
    build_pair(tmp_path / "good")
    build_pair(tmp_path / "bad", fault="width")
    text = "FROM ./micro-glm4v.gguf\nFROM ./mmproj-micro-glm4v.gguf\n"
    assert codes(text, base=tmp_path / "good") == codes(text, base=tmp_path / "good") == []
    assert len(read) == 2
    projector = "mmproj-micro-glm4v.gguf"
    (tmp_path / "bad" / projector).replace(tmp_path / "good" / projector)
    assert "MK412" in codes(text, base=tmp_path / "good")
    assert len(read) == 3
