"""The real shapes of models of 1 to 30 billion numbers, as sparse GGUF files whose tensors are all zero.

Hyperparameters are those of each model's published config.json, under the keys that llama.cpp's converter
writes; tensors are those that llama.cpp's src/models wants for them. The vocabulary has the real length and
made-up words. A file takes some MB on disk, whatever size it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from ..zoo.writer import add_keys, letters

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A model's numbers, by the names of its config.json.

    groups: key-value heads, of each layer where they differ; 0 is a recurrent layer. head: the length of a
    head. fused: gate and up in one tensor. marks: "tied", "bias" (of q, k, v), "norms" (of q and k heads),
    "post" (norms behind attention and feed-forward), "qkv" in one.
    """

    architecture: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    groups: int | Sequence[int]
    feed: int
    context: int
    head: int = 0
    fused: bool = False
    marks: tuple[str, ...] = ()
    keys: Mapping[str, Any] | None = None

    def group(self, layer: int) -> int:
        return self.groups if isinstance(self.groups, int) else self.groups[layer]

    def key(self, name: str) -> Any:
        return (self.keys or {}).get(name)


def _mamba(inner: int, state: int, rank: int, groups: int = 0) -> dict[str, Any]:
    found = {
        "ssm.conv_kernel": 4,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": rank,
    }
    return {**found, "ssm.group_count": groups} if groups else found


def _experts(count: int, used: int, feed: int, **more: Any) -> dict[str, Any]:
    return {"expert_count": count, "expert_used_count": used, "expert_feed_forward_length": feed, **more}


_WINDOW = "attention.sliding_window"

MODELS: Mapping[str, Model] = {
    "Llama-3.2-1B": Model("llama", 128256, 2048, 16, 32, 8, 8192, 131072, 64, marks=("tied",)),
    "Mistral-7B-v0.3": Model("llama", 32768, 4096, 32, 32, 8, 14336, 32768, 128),
    "Qwen2.5-7B": Model("qwen2", 152064, 3584, 28, 28, 4, 18944, 32768, 128, marks=("bias",)),
    "Qwen3-8B": Model("qwen3", 151936, 4096, 36, 32, 8, 12288, 40960, 128, marks=("norms",)),
    "GLM-4-9B-0414": Model(
        "glm4", 151552, 4096, 40, 32, 2, 13696, 32768, 128, True, ("post",), {"rope.dimension_count": 64}
    ),
    "Gemma-3-4B": Model(
        *("gemma3", 262208, 2560, 34, 8, 4, 10240, 131072, 256),
        marks=("tied", "norms", "post"),
        keys={_WINDOW: 1024},
    ),
    "Gemma-2-9B": Model(
        *("gemma2", 256000, 3584, 42, 16, 8, 14336, 8192, 256),
        marks=("tied", "post"),
        keys={_WINDOW: 4096, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
    ),
    "Phi-3-mini-4k": Model("phi3", 32064, 3072, 32, 32, 32, 8192, 4096, 96, True, ("qkv",), {_WINDOW: 2047}),
    "gpt-oss-20b": Model(
        *("gpt-oss", 201088, 2880, 24, 64, 8, 2880, 131072, 64),
        marks=("bias",),
        keys={_WINDOW: 128, **_experts(32, 4, 2880)},
    ),
    "Qwen3-30B-A3B": Model(
        "qwen3moe", 151936, 2048, 48, 32, 4, 6144, 40960, 128, marks=("norms",), keys=_experts(128, 8, 768)
    ),
    "DeepSeek-V2-Lite": Model(
        *("deepseek2", 102400, 2048, 27, 16, 1, 10944, 163840),
        keys={
            "rope.dimension_count": 64,
            "attention.kv_lora_rank": 512,
            "attention.key_length": 576,
            "attention.value_length": 512,
            "attention.key_length_mla": 192,
            "attention.value_length_mla": 128,
            "leading_dense_block_count": 1,
            "expert_shared_count": 2,
            "expert_weights_scale": 1.0,
            **_experts(64, 6, 1408),
        },
    ),
    "Granite-4.0-H-Micro": Model(
        *("granitehybrid", 100352, 2048, 40, 32),
        [8 if n in (5, 15, 25, 35) else 0 for n in range(40)],
        *(8192, 131072, 64),
        marks=("tied",),
        keys=_mamba(4096, 128, 64, 1),
    ),
    "LFM2-1.2B": Model(
        *("lfm2", 65536, 2048, 16, 32),
        [8 if n in (2, 5, 8, 10, 12, 14) else 0 for n in range(16)],
        *(8192, 128000, 64),
        marks=("tied", "norms"),
        keys={"shortconv.l_cache": 3},
    ),
    "Qwen3.5-4B": Model(
        *("qwen35", 248320, 2560, 32, 16, 4, 9216, 262144, 256),
        marks=("tied", "norms"),
        keys={
            "rope.dimension_count": 64,
            "rope.dimension_sections": [11, 11, 10, 0],
            "full_attention_interval": 4,
            **_mamba(4096, 128, 32, 16),
        },
    ),
    "Mamba-2.8B": Model(
        "mamba", 50280, 2560, 64, 0, 0, 0, 1048576, marks=("tied",), keys=_mamba(5120, 16, 160)
    ),
    "RWKV7-2.9B": Model(
        *("rwkv7", 65536, 2560, 32, 0, 0, 10240, 1048576),
        keys={
            "wkv.head_size": 64,
            "attention.decay_lora_rank": 96,
            "attention.iclr_lora_rank": 96,
            "attention.value_residual_mix_lora_rank": 64,
            "attention.gate_lora_rank": 320,
            "token_shift_count": 2,
        },
    ),
}


def tensors(model: Model) -> Iterator[tuple[str, Shape]]:
    """Names and shapes, rows first."""
    yield "token_embd.weight", (model.vocabulary, model.width)
    yield f"{'token_embd' if model.architecture == 'lfm2' else 'output'}_norm.weight", (model.width,)
    if "tied" not in model.marks:
        yield "output.weight", (model.vocabulary, model.width)
    if model.architecture == "llama" and model.width == 2048:
        yield "rope_freqs.weight", (model.head // 2,)
    if model.architecture == "rwkv7":
        yield "output_norm.bias", (model.width,)
        yield from ((f"token_embd_norm.{part}", (model.width,)) for part in ("weight", "bias"))
    for n in range(model.layers):
        for name, shape in _layer(model, n):
            yield f"blk.{n}.{name}", shape


def _layer(model: Model, n: int) -> Iterator[tuple[str, Shape]]:
    width = model.width
    yield "attn_norm.weight", (width,)
    if model.architecture == "rwkv7":
        yield from _rwkv(model, n)
        return
    if model.architecture == "mamba":
        yield from _mamba_1(model)
        return
    if model.architecture == "deepseek2":
        yield from _latent(model)
    elif model.architecture == "qwen35" and (n + 1) % 4:
        yield from _delta(model)
    elif model.group(n):
        yield from _attention(model, n)
    elif model.architecture == "lfm2":
        yield "shortconv.conv.weight", (width, 3)
        yield "shortconv.in_proj.weight", (3 * width, width)
        yield "shortconv.out_proj.weight", (width, width)
    else:
        yield from _mamba_2(model)
    post = model.architecture in ("qwen35", "gpt-oss")
    yield ("post_attention_norm.weight" if post else "ffn_norm.weight"), (width,)
    if "post" in model.marks:
        yield "post_attention_norm.weight", (width,)
        yield "post_ffw_norm.weight", (width,)
    yield from _feed_forward(model, n)


def _attention(model: Model, n: int) -> Iterator[tuple[str, Shape]]:
    width, head, groups = model.width, model.head, model.group(n)
    queries = model.heads * head * (2 if model.architecture == "qwen35" else 1)
    rows = {"q": queries, "k": groups * head, "v": groups * head}
    if "qkv" in model.marks:
        rows = {"qkv": sum(rows.values())}
    for part, count in rows.items():
        yield f"attn_{part}.weight", (count, width)
        if "bias" in model.marks:
            yield f"attn_{part}.bias", (count,)
    yield "attn_output.weight", (width, model.heads * head)
    if "norms" in model.marks:
        yield from ((f"attn_{part}_norm.weight", (head,)) for part in "qk")
    if model.architecture == "gpt-oss":
        yield "attn_output.bias", (width,)
        yield "attn_sinks.weight", (model.heads,)


def _feed_forward(model: Model, n: int) -> Iterator[tuple[str, Shape]]:
    width, count = model.width, model.key("expert_count")
    if not count or n < (model.key("leading_dense_block_count") or 0):
        if not model.fused:
            yield "ffn_gate.weight", (model.feed, width)
        yield "ffn_up.weight", (model.feed * (2 if model.fused else 1), width)
        yield "ffn_down.weight", (width, model.feed)
        return
    feed, shared = model.key("expert_feed_forward_length"), model.key("expert_shared_count")
    yield "ffn_gate_inp.weight", (count, width)
    for part in ("gate", "up"):
        yield f"ffn_{part}_exps.weight", (count, feed, width)
        if shared:
            yield f"ffn_{part}_shexp.weight", (feed * shared, width)
    yield "ffn_down_exps.weight", (count, width, feed)
    if shared:
        yield "ffn_down_shexp.weight", (width, feed * shared)
    if model.architecture == "gpt-oss":
        yield "ffn_gate_inp.bias", (count,)
        yield from ((f"ffn_{part}_exps.bias", (count, feed)) for part in ("gate", "up"))
        yield "ffn_down_exps.bias", (count, width)


def _latent(model: Model) -> Iterator[tuple[str, Shape]]:
    rank, rope = model.key("attention.kv_lora_rank"), model.key("rope.dimension_count")
    key, value = model.key("attention.key_length_mla"), model.key("attention.value_length_mla")
    yield "attn_q.weight", (model.heads * key, model.width)
    yield "attn_kv_a_mqa.weight", (rank + rope, model.width)
    yield "attn_kv_a_norm.weight", (rank,)
    yield "attn_k_b.weight", (model.heads, rank, key - rope)
    yield "attn_v_b.weight", (model.heads, value, rank)
    yield "attn_output.weight", (model.width, model.heads * value)


def _delta(model: Model) -> Iterator[tuple[str, Shape]]:
    inner, state = model.key("ssm.inner_size"), model.key("ssm.state_size")
    heads, groups = model.key("ssm.time_step_rank"), model.key("ssm.group_count")
    yield "attn_qkv.weight", (2 * state * groups + inner, model.width)
    yield "attn_gate.weight", (inner, model.width)
    yield "ssm_conv1d.weight", (2 * state * groups + inner, 4)
    yield "ssm_dt.bias", (heads,)
    yield "ssm_a", (heads,)
    yield "ssm_beta.weight", (heads, model.width)
    yield "ssm_alpha.weight", (heads, model.width)
    yield "ssm_norm.weight", (state,)
    yield "ssm_out.weight", (model.width, inner)


def _mamba_1(model: Model) -> Iterator[tuple[str, Shape]]:
    inner, state, rank = (model.key(f"ssm.{n}") for n in ("inner_size", "state_size", "time_step_rank"))
    yield "ssm_in.weight", (2 * inner, model.width)
    yield "ssm_conv1d.weight", (inner, 4)
    yield "ssm_conv1d.bias", (inner,)
    yield "ssm_x.weight", (rank + 2 * state, inner)
    yield "ssm_dt.weight", (inner, rank)
    yield "ssm_dt.bias", (inner,)
    yield "ssm_a", (inner, state)
    yield "ssm_d", (inner,)
    yield "ssm_out.weight", (model.width, inner)


def _mamba_2(model: Model) -> Iterator[tuple[str, Shape]]:
    inner, state = model.key("ssm.inner_size"), model.key("ssm.state_size")
    heads, groups = model.key("ssm.time_step_rank"), model.key("ssm.group_count")
    convolved = inner + 2 * groups * state
    yield "ssm_in.weight", (inner + convolved + heads, model.width)
    yield "ssm_conv1d.weight", (convolved, 4)
    yield "ssm_conv1d.bias", (convolved,)
    yield "ssm_dt.bias", (heads,)
    yield "ssm_a", (heads, 1)
    yield "ssm_d", (heads, 1)
    yield "ssm_norm.weight", (groups, inner // groups)
    yield "ssm_out.weight", (model.width, inner)


def _rwkv(model: Model, n: int) -> Iterator[tuple[str, Shape]]:
    width = model.width
    yield "attn_norm.bias", (width,)
    yield from (
        (f"{name}.{part}", (width,)) for name in ("attn_norm_2", "time_mix_ln") for part in ("weight", "bias")
    )
    ranks = {
        "w": model.key("attention.decay_lora_rank"),
        "a": model.key("attention.iclr_lora_rank"),
        "v": model.key(f"attention.{'value_residual_mix' if n else 'iclr'}_lora_rank"),
        "g": model.key("attention.gate_lora_rank"),
    }
    for part, rank in ranks.items():
        if part != "g":
            yield f"time_mix_{part}0.weight", (width,)
        yield f"time_mix_{part}1.weight", (rank, width)
        yield f"time_mix_{part}2.weight", (width, rank)
    yield "time_mix_lerp_fused.weight", (6, 1, 1, width)
    yield from ((f"time_mix_{part}.weight", (width,)) for part in ("k_k", "k_a", "r_k"))
    for part in ("key", "value", "receptance", "output"):
        yield f"time_mix_{part}.weight", (width, width)
    yield "channel_mix_lerp_k.weight", (1, 1, width)
    yield "channel_mix_key.weight", (model.feed, width)
    yield "channel_mix_value.weight", (width, model.feed)


def write(path: Path, model: Model, kind: str = "Q4_0", *, words: bool = True) -> Path:
    """A sparse file.

    kind: the type of its matrices, as of a quantization; embeddings and output are Q6_K. words: with its
    vocabulary, which takes a second; without one llama.cpp does not load it.
    """
    out = gguf.GGUFWriter(str(path), model.architecture)
    out.add_type("model")
    add_keys(out, {f"{model.architecture}.{name}": value for name, value in metadata(model).items()})
    if words:
        _add_vocabulary(out, model.vocabulary)
    end = 0
    for name, shape in tensors(model):
        chosen = _kind(name, shape, kind)
        block, width = gguf.GGML_QUANT_SIZES[chosen]
        assert shape[-1] % block == 0, (name, shape, chosen)
        size = prod(shape) // block * width
        # For quantized types the writer wants the shape in bytes, and turns it into numbers.
        raw = (*shape[:-1], shape[-1] // block * width) if block > 1 else shape
        dtype = np.dtype(np.uint8 if block > 1 else np.float16 if width == 2 else np.float32)
        out.add_tensor_info(name, raw, dtype, size, raw_dtype=chosen)
        end += -(-size // 32) * 32
    return write_sparse(out, path, end)


def write_sparse(out: gguf.GGUFWriter, path: Path, size: int) -> Path:
    """Writes the header, and tensors of so many bytes as a hole in the file, which reads as zeros."""
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_ti_data_to_file()
    out.close()
    start = -(-path.stat().st_size // 32) * 32
    with path.open("r+b") as file:
        file.truncate(start + size)
    return path


def _add_vocabulary(out: gguf.GGUFWriter, size: int) -> None:
    words = [*sorted(letters()), *(f"w{n}" for n in range(size - 256 - 1)), "<|im_end|>"]
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(words)
    out.add_token_types([1] * (size - 1) + [3])
    out.add_token_merges(["h e"])
    out.add_eos_token_id(size - 1)
    out.add_add_bos_token(False)


def metadata(model: Model) -> dict[str, Any]:
    """The keys of the architecture, without its name."""
    found: dict[str, Any] = {
        "context_length": model.context,
        "embedding_length": model.width,
        "block_count": model.layers,
        "feed_forward_length": model.feed,
        "attention.head_count": model.heads,
        "attention.head_count_kv": model.groups,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "attention.layer_norm_epsilon": 1e-5,
    }
    if model.head:
        found |= {"attention.key_length": model.head, "attention.value_length": model.head}
        found["rope.dimension_count"] = model.head
    return {**found, **(model.keys or {})}


def _kind(name: str, shape: Shape, kind: str) -> gguf.GGMLQuantizationType:
    types = gguf.GGMLQuantizationType
    if len(shape) < 2 or re.search(
        r"bias|norm|ffn_gate_inp|ssm_(a|d|conv1d|x|dt)|shortconv\.conv|lerp|time_mix_.\d", name
    ):
        return types.F32
    if name.endswith("_exps.weight") and kind == "Q4_0" and shape[-1] == shape[-2]:
        return types.MXFP4  # as gpt-oss is published
    if name in ("token_embd.weight", "output.weight"):
        return types.Q6_K if shape[-1] % 256 == 0 else types.Q8_0
    return types[kind]
