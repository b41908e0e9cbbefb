from __future__ import annotations

import struct

import pytest

from modelfile_kit.align.stops import check_stops, silent_stops
from modelfile_kit.align.tokenizer import LlamaTokenizer
from modelfile_kit.runtime.llama_cpp import EmbeddedEngine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def micro(llama_cpp, pair):
    with LlamaTokenizer(pair.model) as tokenizer:
        yield tokenizer


def test_a_control_token_that_is_no_end_never_fires(micro):
    assert silent_stops(["<|observation|>", "<|system|>"], micro) == ("<|observation|>", "<|system|>")


def test_ends_of_generation_words_and_user_defined_tokens_are_fine(micro):
    # <|user|> and <|endoftext|> end the answer by themselves; </answer> is rendered
    assert silent_stops(["<|user|>", "<|endoftext|>", "</answer>", "<|im_end|>", "Stop", ""], micro) == ()


def test_the_finding_says_what_would_help(micro):
    [found] = check_stops(["<|observation|>"], micro)
    assert found.code == "MK729"
    assert "<|observation|>" in found.message
    assert "eom_token_id" in found.help


def test_it_is_so_in_the_engine(llama_cpp, pair, micro, tmp_path):
    """The same model with another eot_token_id ends its turn with a control token that is no end."""
    end, turn = (struct.pack("<II", 4, i) for [i] in micro.tokenize_many(["<|endoftext|>", "<|user|>"]))
    key = b"tokenizer.ggml.eot_token_id"
    endless = tmp_path / "endless.gguf"
    endless.write_bytes(pair.model.read_bytes().replace(key + turn, key + end))
    prompt = "[gMASK]<sop><|user|>\nHi<|assistant|>\n"
    with LlamaTokenizer(endless) as tokenizer, EmbeddedEngine(endless) as engine:
        assert silent_stops(["<|user|>"], tokenizer) == ("<|user|>",)
        assert engine.generate(prompt, stop=["<|user|>"]).finish_reason == "length"
    with EmbeddedEngine(pair.model) as engine:
        assert engine.generate(prompt).finish_reason == "stop"
