"""What lies beside a model is tried, what is named must work."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from modelfile_kit.align.model_tokenizer import compare_vocabulary, model_tokenizer
from modelfile_kit.core.errors import EngineError, MissingDependencyError, UsageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from tests.reference_tokenizer import toys

from .toy_gguf import keys_of, write


@pytest.fixture
def model(tmp_path: Path, libraries: None) -> Path:
    """A GGUF with the tokenizer that it was made from beside it."""
    toys.byte_level(tmp_path)
    path = tmp_path / "model.gguf"
    with model_tokenizer("auto", path) as (reference, _):
        assert reference is not None
        return write(path, keys_of(reference))


def vocabulary_of(path: Path) -> Vocabulary:
    return Vocabulary.from_header(read_header(path))


def test_what_lies_beside_the_model_is_compared(model):
    checked, found = compare_vocabulary("auto", model, vocabulary_of(model))
    assert checked is not None and found == ()
    assert checked.summary == f"{checked.tokens} of {checked.tokens} tokens as in tokenizer.json"
    assert checked.to_dict() == {
        "source": str(model.parent / "tokenizer.json"),
        "tokens": checked.tokens,
        "equal": checked.tokens,
    }


def test_none_and_nothing(model, tmp_path):
    assert compare_vocabulary("none", model, vocabulary_of(model)) == (None, ())
    (tmp_path / "tokenizer.json").unlink()
    assert compare_vocabulary("auto", model, vocabulary_of(model)) == (None, ())
    assert compare_vocabulary(toys.byte_level(tmp_path / "other"), model, None) == (None, ())


def test_another_models_tokenizer_beside_a_model_is_a_warning(model, tmp_path):
    toys.sentencepiece(tmp_path / "tokenizer.model")
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").unlink()
    _, [found] = compare_vocabulary("auto", model, vocabulary_of(model))
    assert (found.code, str(found.severity)) == ("MK743", "warning") and "tokenizer: none" in found.help
    _, [found] = compare_vocabulary(tmp_path / "tokenizer.model", model, vocabulary_of(model))
    assert (found.code, str(found.severity)) == ("MK743", "error")


def test_a_broken_file_beside_a_model_is_a_warning(model, tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    checked, [found] = compare_vocabulary("auto", model, vocabulary_of(model))
    assert checked is None and (found.code, str(found.severity)) == ("MK741", "warning")
    with pytest.raises(EngineError, match="broken JSON"):
        compare_vocabulary(tmp_path / "tokenizer.json", model, vocabulary_of(model))


def test_a_folder_with_two_kinds_says_which_was_compared(model, tmp_path):
    toys.sentencepiece(tmp_path / "tokenizer.model")
    _, [found] = compare_vocabulary("auto", model, vocabulary_of(model))
    assert (found.code, str(found.severity)) == ("MK759", "info")
    assert "tokenizer.json was compared with model.gguf, tokenizer.model was not" in found.message
    assert compare_vocabulary(tmp_path / "tokenizer.json", model, vocabulary_of(model))[1] == ()


def test_without_the_libraries(model, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tokenizers" else find(name)
    )
    checked, [found] = compare_vocabulary("auto", model, vocabulary_of(model))
    assert checked is None and (found.code, str(found.severity)) == ("MK759", "info")
    assert "modelfile-kit[tokenizers]" in found.help
    with pytest.raises(MissingDependencyError):
        compare_vocabulary(tmp_path, model, vocabulary_of(model))


def test_what_is_named_must_be_there(model, tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        compare_vocabulary(tmp_path / "x.json", model, vocabulary_of(model))


def test_no_process_is_left(model):
    with model_tokenizer("auto", model) as (reference, _):
        assert reference is not None
        process = reference._process
    assert process.returncode is not None
