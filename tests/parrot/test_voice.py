"""What a parrot takes over from a vocabulary."""

from __future__ import annotations

import gguf
import pytest

from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.micro import CHAT_TEMPLATE, build_model
from modelfile_kit.parrot import Reply, build_parrot, voice_of


@pytest.fixture
def vocabulary(tmp_path):
    model = build_model(tmp_path / "m.gguf", extra_tokens=["<|only here|>", "<|nowhere|>"])
    return Vocabulary.from_header(read_header(model))


def test_tokens_that_are_not_used_are_left_out(vocabulary):
    voice = voice_of(vocabulary, ["<think>a</think> with <|only here|>"])
    assert voice.special["<|only here|>"] == "control"
    assert voice.special["<think>"] == voice.special["</think>"] == "user-defined"
    assert "<|nowhere|>" not in voice.special
    assert voice.roles == {"bos": "<|endoftext|>", "eos": "<|endoftext|>", "eot": "<|user|>"}
    assert (voice.end, voice.pre, voice.chat_template) == ("<|user|>", "glm4", CHAT_TEMPLATE)


def test_a_parrot_has_the_voice_it_was_given(vocabulary, tmp_path):
    voice = voice_of(vocabulary, ["<think>"])
    path = tmp_path / "parrot.gguf"
    build_parrot(path, [Reply("Hi")], voice)
    again = Vocabulary.from_header(read_header(path))
    assert voice_of(again, ["<think>"]) == voice
    assert again.end_of_generation() >= {again.id_of("<|user|>"), again.id_of("<|endoftext|>")}


def test_real_vocabularies(shared, tmp_path):
    for name, end in (("qwen2", "<|im_end|>"), ("llama-bpe", "<|end_of_text|>"), ("phi-3", "<|endoftext|>")):
        vocabulary = Vocabulary.from_header(read_header(shared / "vocab" / f"ggml-vocab-{name}.gguf"))
        voice = voice_of(vocabulary, [end])
        assert voice.special[end] in ("control", "user-defined")
        path = tmp_path / f"{name}.gguf"
        build_parrot(path, [Reply("Hi", end=end)], voice)
        fields = gguf.GGUFReader(path).fields
        assert end in fields["tokenizer.ggml.tokens"].contents()
        assert fields["general.architecture"].contents() == "llama"
