"""Signs of images and sound, and the text models that have the same vocabulary or template."""

from __future__ import annotations

import pytest

from modelfile_kit.gguf_file.signs import signs, text_only
from tests.gguf_file.handmade import Typed, model


@pytest.mark.parametrize(
    ("name", "tokens", "senses"),
    [
        ("InternVL3-8B-Q4_K_M.gguf", ["<IMG_CONTEXT>"], ["image", "image"]),
        ("x.gguf", ["<slice>"], ["image"]),
        ("x.gguf", ["<|AUDIO|>"], ["audio"]),
        ("MiniCPM-V-2_6-Q4_K_M.gguf", ["a"], ["image"]),
        ("GLM-4.1V-9B-Thinking.gguf", ["a"], ["image"]),
        ("Qwen2.5-VL-7B.gguf", ["a"], ["image"]),
        ("nanollava-1.5.gguf", ["a"], ["image"]),
        ("ultravox-v0_5-llama.gguf", ["a"], ["audio"]),
        # text models with the vocabulary or half the name of relatives that see
        ("Qwen2.5-7B-Instruct.gguf", ["<|vision_start|>", "<|image_pad|>"], []),
        ("GLM-4-9B-0414.gguf", ["<|begin_of_image|>", "<|end_of_image|>"], []),
        ("gemma-3-1b-it.gguf", ["<start_of_image>"], []),
        ("Llama-3.1-8B.gguf", ["a"], []),
        ("EVLlama-7B.gguf", ["a"], []),
    ],
)
def test_signs(header, name, tokens, senses):
    assert [s.sense for s in signs(header(model("qwen2", tokens), name=name))] == senses


def test_small_gemmas_have_no_vision(header):
    assert text_only(header(model("gemma3"), name="gemma-3-270m-it-Q8_0.gguf"))
    assert text_only(header(model("gemma3", own__embedding_length=Typed("uint32", 1152))))
    assert not text_only(header(model("gemma3", own__embedding_length=Typed("uint32", 2560))))
    assert not text_only(header(model("qwen2", own__embedding_length=Typed("uint32", 640))))
