"""Tokens as people read them: what the libraries' own decoders say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.reference_tokenizer.reference import ReferenceVocabulary
from modelfile_kit.reference_tokenizer.token_text import token_bytes

from . import toys

SAID = "<|im_start|>Größe 今天 x 🎉\n1234"


def of(asked, folder):
    found = find_tokenizer(asked, folder / "m.gguf")
    assert found is not None
    return ReferenceChild(found)


def test_byte_level(tmp_path):
    pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    with of(toys.byte_level(tmp_path), tmp_path) as reference:
        ids = reference.encode(SAID)
        assert b"".join(token_bytes(reference, ids)) == SAID.encode()
        assert token_bytes(reference, [-1, 10**9]) == [b"", b""]


def test_sentencepiece(tmp_path):
    pytest.importorskip("sentencepiece", reason="needs sentencepiece (extra tokenizers)")
    path = toys.sentencepiece(tmp_path / "tokenizer.model", symbols=("<|im_start|>",))
    with of(path, tmp_path) as reference:
        ids = reference.encode("Größe \u0e19 x")
        assert b"".join(token_bytes(reference, ids)).decode().strip() == "Größe \u0e19 x"
        assert any(reference.vocabulary.kinds[i] == "byte" for i in ids)


def test_what_is_no_spelling_of_a_byte_stays_itself():
    vocabulary = ReferenceVocabulary(["a今", "<0x41>", "▁b"], ["normal", "byte", "control"])
    for spelling in ("byte-level", "sentencepiece", "plain"):
        reference = SimpleNamespace(vocabulary=vocabulary, facts=SimpleNamespace(spelling=spelling))
        assert token_bytes(reference, [0, 1, 2]) == ["a今".encode(), b"A", "▁b".encode()]
