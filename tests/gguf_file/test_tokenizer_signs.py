"""A GGUF's own signs of a wrong tokenizer, and none on real vocabularies."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.soundness import check_soundness
from modelfile_kit.gguf_file.tokenizer_signs import tokenizer_signs
from tests.align.toy_gguf import Keys, write
from tests.real_tokenizers import vocabulary

CHAT = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|><think>{% endfor %}"


def byte_pairs(**changes: Any) -> Keys:
    words = [f"w{n}" for n in range(1200)]
    letters = [chr(c) for c in range(33, 127)]
    tokens = [*letters, *words, "<|im_start|>", "<|im_end|>", "<think>"]
    types = [1] * (len(letters) + len(words)) + [3, 3, 4]
    keys = {"model": "gpt2", "pre": "qwen2", "tokens": tokens, "token_type": types}
    return {**keys, "merges": [f"w {n}" for n in range(1200)], **changes}


def codes(tmp_path, keys: Keys, chat: str = CHAT) -> list[tuple[str, str]]:
    header = read_header(write(tmp_path / "a.gguf", keys, chat))
    return [(d.code, str(d.severity)) for d in tokenizer_signs(header)]


def typed(text: str, kind: int, keys: Keys) -> Keys:
    keys["token_type"][keys["tokens"].index(text)] = kind
    return keys


def test_a_sound_vocabulary(tmp_path):
    assert codes(tmp_path, byte_pairs()) == []


@pytest.mark.parametrize("pre", [None, "", "default"])
def test_no_pre_tokenizer(tmp_path, pre):
    assert codes(tmp_path, byte_pairs(pre=pre)) == [("MK440", "warning")]


def test_an_unknown_pre_tokenizer(tmp_path):
    assert codes(tmp_path, byte_pairs(pre="qwen-2")) == [("MK441", "warning")]


@pytest.mark.parametrize("text", ["<|im_start|>", "<think>"])
def test_a_token_of_the_chat_template_that_is_typed_normal(tmp_path, text):
    assert codes(tmp_path, typed(text, 1, byte_pairs())) == [("MK442", "warning")]
    assert codes(tmp_path, typed(text, 1, byte_pairs()), chat="") == []


def test_ends_that_llama_cpp_knows_may_have_any_type(tmp_path):
    """llama.cpp makes `<|im_end|>` a control token itself (src/llama-vocab.cpp, special_eot_id)."""
    assert codes(tmp_path, typed("<|im_end|>", 1, byte_pairs())) == []


def test_merges(tmp_path):
    assert codes(tmp_path, byte_pairs(merges=None)) == [("MK443", "error")]
    assert codes(tmp_path, byte_pairs(merges=["w 1"] * 700)) == [("MK443", "warning")]
    assert codes(tmp_path, byte_pairs(pre="kimi-k2", merges=None)) == []


@pytest.mark.parametrize(("kind", "expected"), [(6, []), (1, [("MK444", "warning")])])
def test_bytes_of_sentencepiece(tmp_path, kind, expected):
    tokens = ["<unk>", "<0x0A>", *(f"▁w{n}" for n in range(1200))]
    types = [2, kind, *[1] * 1200]
    keys: Keys = {"model": "llama", "tokens": tokens, "token_type": types, "scores": [0.0] * len(tokens)}
    assert codes(tmp_path, keys) == expected


@pytest.mark.engine
def test_llama_cpp_refuses_and_splits_what_is_said(tmp_path, llama_cpp):
    from modelfile_kit.core.errors import EngineError
    from modelfile_kit.runtime.tokenizer import LlamaTokenizer

    for keys in (byte_pairs(merges=None), byte_pairs(pre="qwen-2")):
        with pytest.raises(EngineError):
            LlamaTokenizer(write(tmp_path / "a.gguf", keys))
    with LlamaTokenizer(write(tmp_path / "a.gguf", byte_pairs())) as engine:
        assert len(engine.tokenize("<|im_start|>", add_bos=False)) == 1
    with LlamaTokenizer(write(tmp_path / "a.gguf", typed("<|im_start|>", 1, byte_pairs()))) as engine:
        assert len(engine.tokenize("<|im_start|>", add_bos=False)) > 1


REAL = ["aquila", "baichuan", "bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4"]
REAL += ["gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "mpt", "nomic-bert-moe", "phi-3", "qwen2", "qwen35"]
REAL += ["refact", "starcoder"]


@pytest.mark.parametrize("name", REAL)
def test_real_vocabularies_have_no_false_alarm(name):
    """Two old ones have no pre-tokenizer, and llama.cpp itself warns of it."""
    found = [d.code for d in check_soundness(read_header(vocabulary(name)))]
    assert found == (["MK440"] if name in ("aquila", "gpt-neox") else [])
