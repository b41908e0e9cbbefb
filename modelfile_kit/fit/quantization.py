"""How large a model would be with another quantization.

The rules are those of llama-quantize without an importance matrix (llama.cpp of October 2026,
src/llama-quant.cpp): which tensors stay as they are, which get more bits, and what a row gets that is not a
whole number of blocks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ..gguf_file.tensors import BLOCKS, LAYER, TensorInfo, size_in_bytes
from .shape import Shape

TYPES: Mapping[str, str] = {
    "F16": "F16",
    "Q8_0": "Q8_0",
    "Q6_K": "Q6_K",
    "Q5_K_M": "Q5_K",
    "Q4_K_M": "Q4_K",
    "Q4_0": "Q4_0",
    "Q3_K_M": "Q3_K",
}
"""The quantizations that are estimated, and the type of most of their tensors."""

_NUMBERS = {name: number for number, (name, _, _) in BLOCKS.items()}
_FALLBACKS = {"Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
_KEPT = re.compile(
    r"_norm\.weight|ffn_gate_inp\.weight|altup|laurel|per_layer_model_proj|position_embd|token_types"
    r"|ssm_conv1d|shortconv\.conv\.weight|time_mix_(first|[wvag]\d|decay_w\d|lerp_fused)\.weight|attn_rel_b"
)
_VALUES = re.compile(r"\.attn_(v|qkv|kv_b)\.weight$")


def quantized(tensors: tuple[TensorInfo, ...], shape: Shape, quantization: str) -> tuple[TensorInfo, ...]:
    """The tensors as llama-quantize would write them."""
    values = sum(_VALUES.search(tensor.name) is not None for tensor in tensors)
    seen, found = 0, []
    for tensor in sorted(tensors, key=_order):
        kind = _kind(tensor, shape, quantization, seen, values)
        seen += _VALUES.search(tensor.name) is not None
        number = _NUMBERS.get(kind)
        size = tensor.size if number is None else size_in_bytes(number, tensor.shape)
        found.append(replace(tensor, type=kind, size=size))
    return tuple(found)


def _order(tensor: TensorInfo) -> int:
    """The values of early layers get more bits: in the order of the layers."""
    found = LAYER.match(tensor.name)
    return int(found[1]) if found else -1


def _kind(tensor: TensorInfo, shape: Shape, quantization: str, value: int, values: int) -> str:
    name, count = tensor.name, len([n for n in tensor.shape if n > 1])
    if count < 2 or not name.endswith("weight") or _KEPT.search(name):
        return tensor.type
    if quantization == "F16":
        return "F16"
    base = TYPES[quantization]
    if name == "output.weight" or (shape.tied and name == "token_embd.weight"):
        kind = base if base == "Q8_0" else "Q6_K"
        kind = "Q8_0" if tensor.shape[0] % _block(base) else kind
    elif _VALUES.search(name):
        kind = "Q8_0" if shape.experts == 8 else _value_kind(quantization, base, value, values)
    elif name.endswith(".attn_k.weight") and shape.experts == 8:
        kind = "Q8_0"
    elif re.search(r"\.ffn_down(_exps|_shexp)?\.weight$", name):
        layer = LAYER.match(name)
        kind = _down_kind(quantization, base, int(layer[1]) if layer else 0, len(shape.layers))
    elif name.endswith(".attn_output.weight") and quantization in ("Q3_K_M", "Q4_K_M"):
        more = "Q5_K" if shape.experts == 8 else "Q4_K"
        kind = more if shape.experts == 8 or quantization == "Q3_K_M" else base
    else:
        kind = base
    if tensor.shape[0] % _block(kind):
        kind = _FALLBACKS.get(kind, kind)
    return kind if tensor.shape[0] % _block(kind) == 0 else "F16"


def _value_kind(quantization: str, base: str, number: int, count: int) -> str:
    if quantization == "Q3_K_M":
        return "Q5_K" if number < 2 else "Q4_K"
    if quantization in ("Q4_K_M", "Q5_K_M") and _more_bits(number, count):
        return "Q6_K"
    return base


def _down_kind(quantization: str, base: str, layer: int, count: int) -> str:
    if quantization == "Q3_K_M":
        return "Q5_K" if layer < count // 16 else "Q4_K"
    if quantization in ("Q4_K_M", "Q5_K_M") and _more_bits(layer, count):
        return "Q6_K"
    return base


def _more_bits(number: int, count: int) -> bool:
    return number < count // 8 or number >= 7 * count // 8 or (number - count // 8) % 3 == 2


def _block(kind: str) -> int:
    return next((block for name, block, _ in BLOCKS.values() if name == kind), 1)
