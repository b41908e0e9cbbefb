"""Tokens compared one by one, on vocabularies written by hand."""

from __future__ import annotations

from typing import Any

from modelfile_kit.align.vocabulary_differences import (
    Row,
    compare_merges,
    compare_tokens_by_id,
    scores_out_of_order,
)
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.reference import ReferenceVocabulary

from .toy_gguf import TYPES, write

THEIRS = {"a": "normal", "b": "normal", "ab": "normal", "<|x|>": "control", "<y>": "user-defined"}


def ours(tmp_path, tokens: dict[str, str], **keys: Any) -> Vocabulary:
    types = [TYPES[kind] for kind in tokens.values()]
    path = write(tmp_path / "a.gguf", {"model": "gpt2", "tokens": list(tokens), "token_type": types, **keys})
    return Vocabulary.from_header(read_header(path))


def theirs(tokens: dict[str, str] = THEIRS, **more: Any) -> ReferenceVocabulary:
    return ReferenceVocabulary(list(tokens), list(tokens.values()), **more)


def test_equal(tmp_path):
    found = compare_tokens_by_id(ours(tmp_path, THEIRS), theirs())
    assert (found.equal, found.texts, found.added, found.types) == (5, 0, [], [])


def test_every_group(tmp_path):
    tokens = {
        "b": "normal",
        "a": "normal",
        "zz": "normal",
        "<|x|>": "normal",
        "[PAD4]": "unused",
        "q": "normal",
    }
    found = compare_tokens_by_id(ours(tmp_path, tokens), theirs())
    assert found.moved == [Row(0, "a", "1", "normal"), Row(1, "b", "0", "normal")]
    assert found.renamed == [Row(2, "ab", "zz", "normal")]
    assert found.types == [Row(3, "<|x|>", "normal", "control")]
    assert found.missing == [Row(4, "<y>", "", "user-defined")]
    assert found.added == [Row(5, "q", "", "normal")]
    assert found.equal == 1


def test_a_gguf_that_ends_early(tmp_path):
    found = compare_tokens_by_id(ours(tmp_path, dict(list(THEIRS.items())[:3])), theirs())
    assert [row.text for row in found.missing] == ["<|x|>", "<y>"]


def test_fillers_are_no_tokens(tmp_path):
    tokens = {**THEIRS, "[PAD5]": "unused", "[PAD6]": "normal", "<unused7>": "control"}
    assert compare_tokens_by_id(ours(tmp_path, tokens), theirs()).added == []


def test_ids_without_a_token_may_hold_anything_unused(tmp_path):
    reference = ReferenceVocabulary(["a", None, "b"], ["normal", "", "normal"])
    tokens = {"a": "normal", "<|hole|>": "unused", "b": "normal"}
    found = compare_tokens_by_id(ours(tmp_path, tokens), reference)
    assert (found.equal, found.added, found.missing) == (2, [], [])


def test_types_as_the_converter_makes_them(tmp_path):
    """Texts like `<|…|>` become control tokens, and `▁` of user-defined tokens becomes a space."""
    reference = theirs({"<|x|>": "user-defined", "▁▁": "user-defined", "<unk>": "control"})
    tokens = {"<|x|>": "control", "  ": "user-defined", "<unk>": "unknown"}
    found = compare_tokens_by_id(ours(tmp_path, tokens), reference)
    assert (found.equal, found.types) == (3, [])


def test_merges(tmp_path):
    vocabulary = ours(tmp_path, THEIRS, merges=["a b"])
    assert compare_merges(vocabulary, theirs(merges=["a b"])) is None
    assert compare_merges(vocabulary, theirs()) is None
    found = compare_merges(vocabulary, theirs(merges=["a b", "ab b"]))
    assert (found.theirs, found.ours, found.rank, found.expected, found.found) == (2, 1, 1, "ab b", "")


def test_scores(tmp_path):
    tokens = {"a": "normal", "b": "normal", "ab": "normal", "ba": "normal"}
    vocabulary = ours(tmp_path, tokens, scores=[0.0, 0.0, -1.0, -2.0])
    assert scores_out_of_order(vocabulary, theirs(tokens, scores=[0.0, 0.0, -1.0, -2.0])) == []
    assert scores_out_of_order(vocabulary, theirs(tokens, scores=[0.0, 0.0, -1.0, -3.0])) == [(3, "ba")]
    assert scores_out_of_order(vocabulary, theirs(tokens, merges=["a b", "b a"])) == []
    assert scores_out_of_order(vocabulary, theirs(tokens, merges=["b a", "a b"])) == [(2, "ab")]
