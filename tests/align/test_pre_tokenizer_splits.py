"""Where two pre-tokenizers cut: llama.cpp's expressions against its own tokens, and real tokenizers."""

from __future__ import annotations

import pytest

from modelfile_kit.align.pre_tokenizer_splits import (
    PROBES,
    _cut_like,
    compare_splits,
    first_difference,
)
from modelfile_kit.gguf_file.pre_tokenizers import pre_tokenizers
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary

pytestmark = pytest.mark.usefixtures("libraries")


VOCABULARIES = ["qwen2", "llama-bpe", "deepseek-llm", "deepseek-coder", "starcoder", "command-r", "gpt-2"]
VOCABULARIES += ["falcon", "refact", "qwen35"]  # mpt cuts user-defined tokens of spaces out first


@pytest.mark.engine
@pytest.mark.parametrize("name", VOCABULARIES)
def test_no_token_of_llama_cpp_crosses_a_cut(llama_cpp, name):
    """Its tokens of a whole text are those of the pieces one by one, if the pieces are the ones it makes."""
    with LlamaTokenizer(vocabulary(name)) as engine:
        pre = pre_tokenizers()[engine.info.pre]
        for text in PROBES:
            pieces = _cut_like(pre, text)
            assert "".join(pieces) == text
            [whole], parts = (
                engine.tokenize_many([text], add_bos=False),
                engine.tokenize_many(pieces, add_bos=False),
            )
            assert [i for part in parts for i in part] == whole, (name, text)


REAL = [
    ("qwen3", "qwen2", 0, "qwen2"),
    ("llama3_1", "llama-bpe", 0, "llama-bpe"),
    ("deepseek_v3", "deepseek-v3", 0, "deepseek-v3"),
    ("qwen3", "llama-bpe", 5, "qwen2"),
    ("llama3_1", "qwen2", 3, "llama-bpe"),
]


@pytest.mark.parametrize(("package", "name", "differences", "recognised"), REAL)
def test_real_pre_tokenizers(package, name, differences, recognised):
    found = find_tokenizer(part(package), "a.gguf")
    assert found is not None
    with ReferenceChild(found) as reference:
        splits = compare_splits(name, reference)
    assert splits.recognised == recognised
    if differences:
        assert len(splits.differences) >= 3 and recognised in splits.better
        assert splits.better_differences == 0
    else:
        assert splits.differences == ()


def test_tekken_is_only_approximated():
    """Hindi: marks stay with their letters in tekken, and not in llama.cpp's expression (August 2026)."""
    found = find_tokenizer(part("mistral-common") / "tekken_240911.json", "a.gguf")
    assert found is not None
    with ReferenceChild(found) as reference:
        splits = compare_splits("tekken", reference)
        assert any("हिन्दी" in text for text, _, _ in splits.differences)
        assert splits.recognised == "tekken"


@pytest.mark.parametrize(
    ("theirs", "ours", "shown"),
    [
        (("a", " ", "12"), ("a", " ", "1", "2"), ("'12'", "'1' | '2'")),
        (("a b",), ("a", " b"), ("'a b'", "'a' | ' b'")),
        (("a", "bc", "d"), ("a", "b", "cd"), ("'bc' | 'd'", "'b' | 'cd'")),
        (("a",), ("a", " "), ("nothing", "' '")),
    ],
)
def test_the_first_difference_in_words(theirs, ours, shown):
    assert first_difference(("", theirs, ours)) == shown
