"""Which files are taken for a model's tokenizer."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import EngineError, UsageError
from modelfile_kit.reference_tokenizer.find import find_tokenizer, kind_of

from . import toys

JSON = '{"version": "1.0", "model": {"type": "BPE"}}'


def test_none_and_nothing_beside_the_model(tmp_path):
    (tmp_path / "tokenizer.json").write_text(JSON)
    assert find_tokenizer("none", tmp_path / "a.gguf") is None
    assert find_tokenizer("auto", tmp_path / "other" / "a.gguf") is None


def test_auto_takes_what_lies_beside_the_model(tmp_path):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text(JSON)
    toys.tekken(tmp_path / "tekken.json")
    found = find_tokenizer("auto", tmp_path / "a.gguf")
    assert (found.kind, found.file.name) == ("tokenizer.json", "tokenizer.json")
    assert [path.name for path in found.beside] == ["tokenizer_config.json"]
    assert [path.name for path in found.others] == ["tekken.json"]


@pytest.mark.parametrize("name", ["tokenizer.model", "qwen.tiktoken", "x"])
def test_ranks_are_known_by_their_content(tmp_path, name):
    assert find_tokenizer(toys.ranks(tmp_path / name), "a.gguf").kind == "tiktoken"


def test_a_tekken_file_may_have_any_name(tmp_path):
    assert kind_of(toys.tekken(tmp_path / "x.json")) == "tekken.json"


def test_a_sentencepiece_model_is_known(tmp_path, libraries):
    assert kind_of(toys.sentencepiece(tmp_path / "spiece.model")) == "tokenizer.model"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"GGUF\3\0\0\0", "is a GGUF file, not the tokenizer"),
        (b"\x89PNG\r\n\x1a\n", "begins with the bytes 89 50 4e 47 0d 0a 1a 0a, as no known kind"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 7\n", "pointer of Git LFS"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"[1, 2]", "begins with '\\[1, 2\\]', as no known kind"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, text):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=text) as caught:
        find_tokenizer(path, "a.gguf")
    assert caught.value.code == "MK741" and str(path) in caught.value.message


def test_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(UsageError, match="does not exist") as caught:
        find_tokenizer(tmp_path / "no.json", "a.gguf")
    assert (caught.value.code, caught.value.exit_code) == ("MK740", 2)


def test_a_folder_without_a_tokenizer(tmp_path):
    with pytest.raises(UsageError, match="no tokenizer in this folder"):
        find_tokenizer(tmp_path, "a.gguf")
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"; vocab\.json, merges\.txt, tokenizer_config\.json alone are not"):
        find_tokenizer(tmp_path, "a.gguf")


def test_two_files_of_ranks_are_not_guessed_between(tmp_path):
    for name in ("a.tiktoken", "b.tiktoken"):
        toys.ranks(tmp_path / name)
    with pytest.raises(UsageError, match=r"a\.tiktoken, b\.tiktoken"):
        find_tokenizer(tmp_path, "a.gguf")


def test_names_can_be_resolved(tmp_path):
    (tmp_path / "tokenizer.json").write_text(JSON)
    known = {"Qwen/Qwen3-8B": tmp_path}
    found = find_tokenizer("Qwen/Qwen3-8B", "a.gguf", resolve=lambda name: known.get(name))
    assert found.file == tmp_path / "tokenizer.json"
    with pytest.raises(UsageError):
        find_tokenizer("Qwen/Qwen4", "a.gguf", resolve=lambda name: known.get(name))


def test_a_file_without_bound_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("modelfile_kit.reference_tokenizer.find.MAX_FILE_BYTES", 10)
    (tmp_path / "tokenizer.json").write_text(JSON)
    with pytest.raises(EngineError, match="at most 10"):
        find_tokenizer(tmp_path, "a.gguf")
