"""Projectors for `stand_in`: the mean colour of an image, and silence for any sound.

The text model wants an image's tokens to hold `K` in CONSTANT, 1 in PICTURE and the colour as sRGB, 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..gguf_file.float_tensor import FloatTensor
from .attention import filled, zeros
from .plain_text_model import WIDTH, Feature
from .text_model import K

EYE, PATCH, SIDE, MEL = 32, 14, 4, 128
"""Width of an encoder, pixels along a patch, patches along an image of fixed size, bands of a spectrum."""

_MEAN, _STD = 0.5, 0.5
_LIFT = 14.0  # GELU is straight from 10 on
_CHANNELS = (Feature.RED, Feature.GREEN, Feature.BLUE)


def projector_keys(kind: str, senses: Iterable[str]) -> dict[str, Any]:
    """The metadata of a projector of that type."""
    keys: dict[str, Any] = {"clip.projector_type": kind}
    for sense in senses:
        own: dict[str, Any] = {
            "embedding_length": EYE,
            "feed_forward_length": EYE,
            "block_count": 1,
            "projection_dim": WIDTH,
            "attention.head_count": 2,
            "attention.layer_norm_epsilon": 1e-6,
        }
        if sense == "vision":
            own |= {"image_size": PATCH * SIDE, "patch_size": PATCH}
            own |= {"image_mean": [_MEAN] * 3, "image_std": [_STD] * 3}
        else:
            own |= {"num_mel_bins": MEL}
        keys |= {f"clip.has_{sense}_encoder": True, **{f"clip.{sense}.{k}": v for k, v in own.items()}}
    return {**keys, **(PROJECTORS[kind][1] if kind in PROJECTORS else {})}


def projector_tensors(kind: str) -> Mapping[str, FloatTensor]:
    """All tensors under their GGUF names; none for a type without weights here, which is then a header."""
    return PROJECTORS[kind][0]() if kind in PROJECTORS else {}


def _encoder(prefix: str, *, bias: bool = True) -> dict[str, FloatTensor]:
    """One block that adds nothing."""
    found: dict[str, FloatTensor] = {}
    for part in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"):
        found[f"{prefix}.blk.0.{part}.weight"] = zeros(EYE, EYE)
        if not (prefix == "a" and part == "attn_k"):  # Whisper has no bias there
            found[f"{prefix}.blk.0.{part}.bias"] = zeros(EYE)
    for part in ("ln1", "ln2"):
        found[f"{prefix}.blk.0.{part}.weight"] = filled(EYE, 1)
        if bias:
            found[f"{prefix}.blk.0.{part}.bias"] = zeros(EYE)
    return found


def _gemma3() -> dict[str, FloatTensor]:
    """LayerNorm takes the mean away, so each feature goes as a pair (x, -x); K alone fixes the deviation."""
    patch, bias = zeros(EYE, 3, PATCH, PATCH), zeros(EYE)
    project = zeros(EYE, WIDTH)
    for channel, feature in enumerate(_CHANNELS):
        for sign in (1, -1):
            row = 2 * channel + (sign < 0)
            patch[row, channel] = sign * _STD / PATCH**2
            bias[row] = sign * _MEAN
        project[2 * channel, feature] = 1
    constant = 2 * len(_CHANNELS)
    bias[constant], bias[constant + 1] = K, -K
    project[constant, Feature.CONSTANT] = 1
    project[constant, Feature.PICTURE] = 1 / K
    straight = filled(EYE, K * math.sqrt(2 / EYE))
    return {
        **_encoder("v"),
        "v.patch_embd.weight": patch,
        "v.patch_embd.bias": bias,
        "v.position_embd.weight": zeros(SIDE * SIDE, EYE),
        "v.post_ln.weight": straight,
        "v.post_ln.bias": zeros(EYE),
        "mm.soft_emb_norm.weight": straight,
        "mm.input_projection.weight": project,
    }


def _qwen25vl() -> dict[str, FloatTensor]:
    """No bias before the first block, so K comes from the one behind its attention; the merger undoes std."""
    patch = zeros(EYE, 3, PATCH, PATCH)
    merge, out, lift = zeros(4 * EYE, 4 * EYE), zeros(WIDTH, 4 * EYE), zeros(WIDTH)
    for channel, feature in enumerate(_CHANNELS):
        patch[channel, channel] = 1 / (2 * PATCH**2)  # the tower adds two convolutions
        merge[channel, channel::EYE] = 1 / 4  # the mean of 2×2 patches
        out[feature, channel] = _STD
        lift[feature] = _MEAN - _STD * _LIFT
    lift[Feature.CONSTANT], lift[Feature.PICTURE] = K, 1
    encoder = _encoder("v", bias=False)
    encoder["v.blk.0.attn_out.bias"][len(_CHANNELS)] = K
    return {
        **encoder,
        "v.patch_embd.weight": patch,
        "v.patch_embd.weight.1": patch.copy(),
        "v.post_ln.weight": filled(EYE, K / math.sqrt(EYE)),
        "mm.0.weight": merge,
        "mm.0.bias": filled(4 * EYE, _LIFT),
        "mm.2.weight": out,
        "mm.2.bias": lift,
    }


def _qwen2a() -> dict[str, FloatTensor]:
    """Whisper's encoder and one layer behind it; a sound adds tokens to the prompt, nothing to the answer."""
    found, constant = _encoder("a"), zeros(WIDTH)
    constant[Feature.CONSTANT] = K
    for n, channels in ((1, MEL), (2, EYE)):
        found |= {f"a.conv1d.{n}.weight": zeros(EYE, channels, 3), f"a.conv1d.{n}.bias": zeros(EYE, 1)}
    return {
        **found,
        "a.position_embd.weight": zeros(1500, EYE),
        "a.post_ln.weight": filled(EYE, 1),
        "a.post_ln.bias": zeros(EYE),
        "mm.a.fc.weight": zeros(WIDTH, EYE),
        "mm.a.fc.bias": constant,
    }


_QWEN25VL_KEYS = {"clip.use_silu": True, "clip.vision.n_wa_pattern": 2}

PROJECTORS: Mapping[str, tuple[Callable[[], dict[str, FloatTensor]], Mapping[str, Any]]] = {
    "gemma3": (_gemma3, {"clip.use_gelu": True, "clip.vision.projector.scale_factor": 2}),
    "qwen2.5vl_merger": (_qwen25vl, _QWEN25VL_KEYS),
    "qwen2a": (_qwen2a, {}),
    "qwen2.5o": (lambda: {**_qwen25vl(), **_qwen2a()}, _QWEN25VL_KEYS),
}
"""Tensors and further metadata by type, by the names of llama.cpp's clip.cpp."""
