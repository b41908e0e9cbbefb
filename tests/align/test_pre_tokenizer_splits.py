"""Where two pre-tokenizers cut: llama.cpp's expressions against its own tokens, and real tokenizers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.align.pre_tokenizer_splits import (
    PROBES,
    _cut_like,
    compare_splits,
    first_difference,
)
from modelfile_kit.align.stress_texts import stress_texts
from modelfile_kit.gguf_file.pre_tokenizers import pre_tokenizers
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.reference_tokenizer.formats.byte_level import read
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary

from .toy_gguf import write

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


OTHERWISE = ("aÉ", "हिन्दी", "e\u0323", "বাংলা")
"""What llama.cpp cuts otherwise than o200k and tekken."""


@pytest.fixture(scope="module")
def crossing() -> tuple[dict[str, int], list[str]]:
    """A vocabulary whose merges cross every cut: tokens and merges, trained without a pre-tokenizer."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = level
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=3000, initial_alphabet=level.alphabet(), show_progress=False, max_token_length=24
    )
    tokenizer.train_from_iterator([*PROBES * 8, *OTHERWISE * 40, *stress_texts(count=1500)], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [" ".join(merge) for merge in model["merges"]]


def toy(crossing: tuple[dict[str, int], list[str]], pattern: str | None, *, whole: bool = False):
    """The same vocabulary in `tokenizers`; pattern: its pre-tokenizer's, None for none."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    vocabulary, merges = crossing
    pairs = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, ignore_merges=whole))
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, level])
    return tokenizer


def as_gguf(path: Path, crossing: tuple[dict[str, int], list[str]], pre: str) -> Path:
    vocabulary, merges = crossing
    tokens = sorted(vocabulary, key=lambda text: vocabulary[text])
    keys = {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": [1] * len(tokens), "merges": merges}
    return write(path, {**keys, "add_bos_token": False})


def llama(path: Path):
    import llama_cpp

    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    return lambda text: model.tokenize(text.encode(), add_bos=False, special=True)


TYPES = {p.type: p for p in pre_tokenizers().values() if p.as_written and p.byte_level}


@pytest.mark.engine
@pytest.mark.parametrize("kind", TYPES)
def test_llama_cpp_cuts_where_the_table_says(kind, crossing, llama_cpp, tmp_path):
    """One cut more or less would change tokens, since merges cross them; every pre-tokenizer of llama.cpp."""
    pre = TYPES[kind]
    engine = llama(as_gguf(tmp_path / "m.gguf", crossing, pre.name))
    merged = toy(crossing, None, whole=pre.ignore_merges)
    for text in [*PROBES, *stress_texts(count=1)[::4], "\u3000a", "\u2003\u3002", "a\u0085b", "\x1cb"]:
        pieces = [merged.encode(piece, add_special_tokens=False).ids for piece in _cut_like(pre, text)]
        assert [i for piece in pieces for i in piece] == engine(text), text


# The patterns of OpenAI's o200k and of Mistral's tekken, which differ in contractions and digits.
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORD = r"[^\r\n\p{L}\p{N}]?"
_SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = f"{_WORD}{_UPPER}*{_LOWER}+{_SHORT}|{_WORD}{_UPPER}+{_LOWER}*{_SHORT}|\\p{{N}}{{1,3}}{_REST}"
TEKKEN = f"{_WORD}{_UPPER}*{_LOWER}+|{_WORD}{_UPPER}+{_LOWER}*|\\p{{N}}{_REST}"
ALIKE = ("don't I'LL", "1234 3.14", "camelCase ALLCAPS", "你好，世界 Привет", "x = f(1);\n\n  y", "Größe")


@pytest.mark.engine
@pytest.mark.parametrize(("pre", "pattern"), [("gpt-4o", O200K), ("tekken", TEKKEN)])
def test_o200k_and_tekken_are_only_approximated(pre, pattern, crossing, llama_cpp, tmp_path):
    """llama.cpp knows capitals of ASCII alone, and takes marks for no part of a word: tokens of llama.cpp,
    `tokenizers` and tiktoken say so, each with the same vocabulary."""
    tiktoken = pytest.importorskip("tiktoken", reason="needs tiktoken (extra tokenizers)")
    engine = llama(as_gguf(tmp_path / "m.gguf", crossing, pre))
    theirs = toy(crossing, pattern, whole=pre_tokenizers()[pre].ignore_merges)
    ranks = {read(text): number for text, number in crossing[0].items()}
    other = tiktoken.Encoding(pre, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    for text in (*ALIKE, *OTHERWISE):
        ids = theirs.encode(text, add_special_tokens=False).ids
        assert (engine(text) == ids) == (text in ALIKE), text
        assert (engine(text) == other.encode(text)) == (text in ALIKE), text


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


def test_ranks_without_a_word_about_bos_have_all_candidates():
    """With a BOS in front they are Llama 3's, without one Smaug's: both names are said."""
    found = find_tokenizer(part("llama-models") / "llama3" / "tokenizer.model", "a.gguf")
    assert found is not None
    with ReferenceChild(found) as reference:
        splits = compare_splits("llama-bpe", reference)
    assert splits.recognised == "llama-bpe"
    assert {"meta-llama/Meta-Llama-3-8B", "abacusai/Smaug-Llama-3-70B-Instruct"} <= set(splits.models)


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
