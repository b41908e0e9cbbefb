"""One text through two tokenizers: ids, texts, types."""

from __future__ import annotations

from types import SimpleNamespace

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.compare import Token

from .sides import Engine, own, vocabulary


def test_ids_and_texts_of_both_sides():
    both = BothTokenizers(vocabulary(), Engine({"a": 1, "é": 2}), own({"a": 1, "é": 3}))
    assert both.ours(["aé"]) == [[1, 2]] and both.theirs(["aé"]) == [[1, 3]]
    assert both.differ("aé") and not both.differ("a")
    assert both.our_tokens([1, -1, 2]) == (Token(0, 1, "a"), Token(1, -1, "image 0"), Token(2, 2, "é"))
    assert both.their_tokens([-2, 3]) == (Token(0, -2, "image 1"), Token(1, 3, "é"))
    assert (both.their_kind(3), both.their_kind(99), both.our_kind(-1)) == ("normal", "", "")


def test_special_texts_are_those_of_either_side_the_longest_first():
    tokenizer = own({"<|a|>": 1}, added=("<|a|>", "<|a"))
    both = BothTokenizers(vocabulary(special={"<b>": "control"}), Engine({}), tokenizer)
    assert both.special_texts == ("<|a|>", "<b>", "<|a")
    assert both.special_in("x<b><|a|><b><|a") == ["<b>", "<|a|>", "<|a"]
    assert BothTokenizers(vocabulary(), Engine({}), own({})).special_in("<b>") == []


def test_only_byte_level_vocabularies_have_pre_tokenizers_to_compare():
    both = BothTokenizers(vocabulary(model="llama"), Engine({}), SimpleNamespace())
    assert both.cut_otherwise("a 1") is False
