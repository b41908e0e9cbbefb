"""Metadata of a small text model of every architecture that a projector type goes with.

What each needs: llama.cpp's src/models/*.cpp, load_arch_hparams. `own.` stands for the architecture. Which
tensors follow from it is what llama.cpp itself says: tests/zoo/text_shapes.txt, made by
`python -m tests.zoo.record shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COMMON: Mapping[str, Any] = {
    "own.context_length": 4096,
    "own.embedding_length": 64,
    "own.block_count": 2,
    "own.feed_forward_length": 32,
    "own.attention.head_count": 4,
    "own.attention.head_count_kv": 4,
    "own.attention.layer_norm_rms_epsilon": 1e-5,
    "own.attention.layer_norm_epsilon": 1e-5,
    "own.rope.dimension_count": 16,
}
_SECTIONS = {"own.rope.dimension_sections": [4, 4, 0, 0]}
_EXPERTS = {
    "own.expert_count": 2,
    "own.expert_used_count": 1,
    "own.expert_feed_forward_length": 32,
    "own.expert_shared_feed_forward_length": 32,
    "own.expert_shared_count": 1,
    "own.expert_gating_func": 2,
    "own.expert_weights_scale": 1.0,
    "own.expert_weights_norm": True,
    "own.leading_dense_block_count": 1,
}
_WINDOW = {"own.attention.sliding_window": 256}
_EVERY_SECOND = {**_WINDOW, "own.attention.sliding_window_pattern": [False, True]}
_LATENT = {
    "own.attention.head_count": 2,
    "own.attention.head_count_kv": 1,
    "own.attention.q_lora_rank": 32,
    "own.attention.kv_lora_rank": 32,
    "own.attention.key_length": 48,
    "own.attention.value_length": 32,
    "own.attention.key_length_mla": 32,
    "own.attention.value_length_mla": 16,
}
_STATES = {
    "own.ssm.conv_kernel": 4,
    "own.ssm.inner_size": 64,
    "own.ssm.state_size": 16,
    "own.ssm.time_step_rank": 4,
    "own.ssm.group_count": 2,
    "own.full_attention_interval": 2,
}
_SHORT_CONVOLUTION = {"own.shortconv.l_cache": 3, "own.attention.head_count_kv": [4, 0]}
_INDEXER = {
    "own.attention.indexer.head_count": 4,
    "own.attention.indexer.key_length": 64,
    "own.attention.indexer.top_k": 131072,
    "own.attention.indexer.block_size": 4,
    "own.attention.indexer.local_blocks": 1,
    "own.attention.indexer.kpool": 4,
    "own.attention.indexer.kpool_select_tail": True,
}
_CONNECTIONS = {
    "own.hyper_connection.count": 4,
    "own.hyper_connection.sinkhorn_iterations": 2,
    "own.hyper_connection.epsilon": 1e-6,
    "own.hyper_connection.low_rank": 8,
}
_DELTA = {"own.kda.head_dim": 16, "own.attention.head_count_kv": [1, 0]}
_NEMOTRON = {
    **_STATES,
    "own.block_count": 3,
    "own.feed_forward_length": [0, 0, 32],
    "own.attention.head_count_kv": [4, 0, 0],
}
_GRANITE = {"own.logit_scale": 1.0}
_PLAIN = (
    *("llama", "qwen2", "qwen3", "phi2", "phi3", "stablelm", "chatglm", "minicpm", "internlm2", "smollm3"),
    *("mistral3", "cogvlm", "exaone4", "ernie4_5"),
)


def _each(names: Sequence[str], *keys: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: {k: v for part in keys for k, v in part.items()} for name in names}


ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    **_each(_PLAIN),
    **_each(("glm4", "qwen2vl", "qwen3vl", "paddleocr", "hunyuan_vl"), _SECTIONS),
    **_each(("glm4moe", "qwen3vlmoe"), _SECTIONS, _EXPERTS),
    **_each(("qwen3moe", "deepseek2-ocr"), _EXPERTS),
    **_each(("deepseek2", "mistral4"), _LATENT, _EXPERTS),
    **_each(("mimo2", "step35"), _EXPERTS, _EVERY_SECOND),
    "granite": _GRANITE,
    "granite_swa": {**_GRANITE, **_EVERY_SECOND},
    "muse-glimmer": {**_GRANITE, **_EVERY_SECOND},
    "gemma2": _WINDOW,
    "gemma3": _WINDOW,
    # the last layers reuse the keys of the first twenty, a number fixed in llama.cpp
    "gemma3n": {
        **_WINDOW,
        "own.block_count": 22,
        "own.attention.sliding_window_pattern": [n % 5 != 4 for n in range(22)],
    },
    "gemma4": {
        **_WINDOW,
        "own.block_count": 5,
        "own.attention.sliding_window_pattern": [n != 4 for n in range(5)],
        "own.embedding_length_per_layer_input": 16,
        "own.attention.shared_kv_layers": 0,
        "own.attention.key_length_swa": 16,
        "own.attention.value_length_swa": 16,
    },
    "gpt-oss": {**_EXPERTS, **_WINDOW},
    "llama4": {**_EXPERTS, "own.block_count": 4, "own.interleave_moe_layer_step": 2},
    "glm-dsa": {**_LATENT, **_EXPERTS, **_INDEXER},
    "lfm2": _SHORT_CONVOLUTION,
    "lfm2moe": {**_SHORT_CONVOLUTION, **_EXPERTS},
    "qwen35": {**_SECTIONS, **_STATES},
    "qwen35moe": {**_SECTIONS, **_STATES, **_EXPERTS},
    "qwen4exp": {**_SECTIONS, **_STATES, **_EXPERTS, **_CONNECTIONS, **_INDEXER},
    "nemotron_h": _NEMOTRON,
    "nemotron_h_moe": {**_EXPERTS, **_NEMOTRON},
    "minimax-m3": {**_EXPERTS, **_INDEXER},
    "bailingmoe3": {
        **_LATENT,
        **_EXPERTS,
        **_STATES,
        **_DELTA,
        "own.kda.safe_gate": True,
        "own.kda.gate_lower_bound": -5.0,
    },
    "glm5-next": {
        **_LATENT,
        **_EXPERTS,
        **_STATES,
        **_INDEXER,
        **_CONNECTIONS,
        **_DELTA,
        "own.rope.dimension_count": 0,
        "own.attention.key_length": 32,
    },
    "dots3note": {
        **_LATENT,
        **_EXPERTS,
        **_EVERY_SECOND,
        **_INDEXER,
        "own.attention.kv_lora_rank_swa": 32,
        "own.attention.key_length_swa": 48,
        "own.attention.value_length_swa": 32,
        "own.attention.key_length_mla_swa": 32,
        "own.attention.value_length_mla_swa": 16,
        "own.rope.freq_base_swa": 10000.0,
        "own.attention.indexer.types": [True, False],
    },
    "deepseek4": {
        **_EXPERTS,
        **_WINDOW,
        **_INDEXER,
        **_CONNECTIONS,
        "own.block_count": 4,
        "own.expert_gating_func": 4,
        "own.attention.head_count_kv": 1,
        "own.attention.q_lora_rank": 32,
        "own.attention.key_length": 64,
        "own.attention.value_length": 64,
        "own.rope.dimension_count": 32,
        "own.attention.output_group_count": 2,
        "own.attention.output_lora_rank": 16,
        "own.attention.compress_ratios": [0, 0, 4, 128],
        "own.attention.compress_rope_freq_base": 160000.0,
        "own.hash_layer_count": 0,
        "own.swiglu_clamp_exp": 10.0,
    },
}


def keys_of(architecture: str, width: int = 64, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All metadata of one architecture, under its own names. width: other ones have more heads, as wide."""
    found = {**COMMON, **ARCHITECTURES[architecture], **(more or {})}
    if width != COMMON["own.embedding_length"]:
        heads = {"own.attention.head_count": width // 16, "own.attention.head_count_kv": width // 16}
        found |= {"own.embedding_length": width, **heads}
    return {name.replace("own.", f"{architecture}."): value for name, value in found.items()}
