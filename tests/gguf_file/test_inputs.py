"""What a file takes as input, by its keys and tensors (llama.cpp of August 2026, clip_init in clip.cpp)."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gguf_file.inputs import audio_type, main_type, model_input, projector_input
from tests.gguf_file.handmade import Typed, model, projector, tensor


@pytest.mark.parametrize(
    ("kind", "more", "takes"),
    [
        ("glm4v", {}, ("image",)),
        ("glm4v", {"clip__has_vision_encoder": Typed("bool", None)}, ("image",)),
        ("ultravox", {"clip__has_vision_encoder": Typed("bool", None)}, ("audio",)),
        ("qwen2.5o", {"clip__has_audio_encoder": Typed("bool", 1)}, ("image", "audio")),
        ("gemma3nv", {"clip__has_audio_encoder": Typed("bool", 1)}, ("image",)),
        ("glm4v", {"clip__has_vision_encoder": Typed("bool", 0)}, ()),
        ("qwen3tts_gen", {}, ()),
        ("tomorrow", {"clip__has_vision_encoder": Typed("bool", None)}, ()),
        ("tomorrow", {}, ("image",)),
    ],
)
def test_what_a_projector_takes(header, kind, more, takes):
    assert projector_input(header(projector(kind, **more))) == takes


def test_a_type_for_each_part(header):
    keys: dict[str, Any] = {
        "clip__projector_type": Typed("string", None),
        "clip__has_vision_encoder": Typed("bool", None),
        "clip__audio__projector_type": Typed("string", "gemma4a"),
        "clip__has_audio_encoder": Typed("bool", 1),
    }
    sound = header(projector("", **keys))
    assert (audio_type(sound), main_type(sound), projector_input(sound)) == ("gemma4a", "gemma4a", ("audio",))


def test_what_a_model_takes(header):
    assert model_input(header(model())) == ("text",)
    assert model_input(header(model(), [tensor("v.blk.0.x")], bytes(64))) == ("text", "image")
    both = [tensor("v.blk.0.x"), tensor("a.blk.0.x", offset=32)]
    assert model_input(header(model(), both, bytes(64))) == ("text", "image", "audio")
