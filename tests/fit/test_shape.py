"""Layers, heads and windows, held against the models' own configurations."""

from __future__ import annotations

import pytest

from modelfile_kit.fit.shape import shape_of
from modelfile_kit.gguf_file import read_header

from ..gguf_file.handmade import Typed, gguf
from .real_models import MODELS, write


def shape(tmp_path, name):
    header = read_header(write(tmp_path / "m.gguf", MODELS[name], words=False))
    return shape_of(header, header.tensors)


@pytest.mark.parametrize(
    ("name", "full", "windowed", "recurrent"),
    [
        # By the models' config.json: layer_types, sliding_window_pattern, layers_block_type, …
        ("Mistral-7B-v0.3", 32, 0, 0),
        ("Gemma-3-4B", 5, 29, 0),
        ("Gemma-2-9B", 21, 21, 0),
        ("gpt-oss-20b", 12, 12, 0),
        ("Phi-3-mini-4k", 32, 0, 0),  # llama.cpp keeps everything
        ("Granite-4.0-H-Micro", 4, 0, 36),
        ("LFM2-1.2B", 6, 0, 10),
        ("Qwen3.5-4B", 8, 0, 24),
        ("Mamba-2.8B", 0, 0, 64),
        ("RWKV7-2.9B", 0, 0, 32),
    ],
)
def test_kinds_of_layers(tmp_path, name, full, windowed, recurrent):
    layers = shape(tmp_path, name).layers
    assert sum(layer.attends and not layer.window for layer in layers) == full
    assert sum(layer.window for layer in layers) == windowed
    assert sum(layer.recurs for layer in layers) == recurrent


def test_gpt_oss_begins_with_a_window(tmp_path):
    assert [layer.window for layer in shape(tmp_path, "gpt-oss-20b").layers[:4]] == [True, False, True, False]


def test_heads_of_a_layer(tmp_path):
    layer = shape(tmp_path, "Gemma-3-4B").layers[0]
    assert (layer.heads, layer.groups, layer.key, layer.value) == (8, 4, 256, 256)


def test_mla_keeps_the_compressed_keys(tmp_path):
    found = shape(tmp_path, "DeepSeek-V2-Lite")
    assert found.latent
    assert found.layers[5].key == 512 + 64  # kv_lora_rank and qk_rope_head_dim of config.json


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({}, "names no architecture"),
        ({"general.architecture": "newer"}, "does not know the architecture newer"),
        ({"general.architecture": "glm-dsa"}, "sparse attention"),
        ({"general.architecture": "llama"}, "lacks llama.block_count, llama.embedding_length"),
        (
            {
                "general.architecture": "llama",
                "llama.block_count": 2**31,
                "llama.embedding_length": 64,
                "llama.attention.head_count": 4,
            },
            "claims 2,147,483,648 layers",
        ),
        (
            {
                "general.architecture": "llama",
                "llama.block_count": "many",
                "llama.embedding_length": 64,
                "llama.attention.head_count": 4,
            },
            "lacks llama.block_count",
        ),
    ],
)
def test_what_is_not_known_is_said(tmp_path, keys, why):
    path = tmp_path / "m.gguf"
    typed = {k: Typed("string" if isinstance(v, str) else "uint32", v) for k, v in keys.items()}
    path.write_bytes(gguf(typed))
    found = shape_of(read_header(path), ())
    assert why in found.unknown
    assert found.layers == ()
