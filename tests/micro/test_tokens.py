from __future__ import annotations

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.micro.answers import COLOURS, STYLES, spell
from modelfile_kit.micro.tokens import (
    CONTROL_TOKENS,
    USER_DEFINED_TOKENS,
    build_vocabulary,
    byte_alphabet,
    to_byte_level,
)


def test_the_byte_alphabet_is_gpt2s(shared):
    """A real byte-level vocabulary begins with the 256 bytes, printable ones first."""
    real = read_header(shared / "vocab" / "ggml-vocab-qwen2.gguf").metadata["tokenizer.ggml.tokens"]
    alphabet = byte_alphabet()
    printable = [a for b, a in enumerate(alphabet) if a == chr(b)]
    assert real[:256] == printable + sorted(set(alphabet) - set(printable))


def test_known_stand_ins():
    assert to_byte_level(" a\n") == "ĠaĊ"
    assert to_byte_level("é\0") == "Ã©Ā"
    assert len(set(byte_alphabet())) == 256


def test_every_merge_builds_the_next_token_and_words_come_out_whole():
    vocabulary = build_vocabulary()
    for merge in vocabulary.merges:
        assert merge.replace(" ", "") in vocabulary.tokens
    for rules in STYLES.values():
        for rule in rules:
            for text in (rule.after, rule.say):
                for token in spell(text or "no").values():
                    assert vocabulary.tokens[vocabulary.id_of(token)] in (token, to_byte_level(token))


def test_types_and_order():
    vocabulary = build_vocabulary(["<x>", "<think>"])
    types = dict(zip(vocabulary.tokens, vocabulary.types, strict=True))
    assert {types[t] for t in (*CONTROL_TOKENS, "<x>")} == {3}
    assert {types[t] for t in USER_DEFINED_TOKENS} == {4}
    assert {types[w] for w in COLOURS} == {1}
    ids = [vocabulary.id_of(t) for t in CONTROL_TOKENS]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    with pytest.raises(KeyError):
        vocabulary.id_of("<|im_end|>")


def test_a_vocabulary_has_no_token_twice():
    vocabulary = build_vocabulary(["a", "<|user|>", "<x>", "<x>"])
    assert len(set(vocabulary.tokens)) == len(vocabulary)
