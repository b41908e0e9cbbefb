"""A glm4v vision tower that hands the mean colour of each 28×28 pixels to the text model.

The way of a pixel: patch embedding (mean of each channel) → one transformer block that adds nothing →
merger of 2×2 patches → LayerNorm and GELU → SwiGLU → a token of the text model's width.
"""

from __future__ import annotations

import math

from ..gguf_file.float_tensor import FloatTensor
from .attention import filled, zeros
from .text_model import Feature, K

WIDTH, HIDDEN = 16, 16
PATCH, POSITIONS = 14, 24
"""Pixels along a patch and patches along the reference image (336 pixels), as in GLM-4.1V."""

IMAGE_MEAN = (0.48145466, 0.4578275, 0.40821073)
IMAGE_STD = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's pixel statistics, which GLM-4.1V uses."""

_CHANNELS = 3


def vision_tensors(text_width: int) -> dict[str, FloatTensor]:
    """All tensors of the projector file; `text_width` is what it hands on to the text model."""
    straight = filled(WIDTH, K / math.sqrt(WIDTH))
    return {
        **_patches(),
        "v.norm_embd.weight": straight,
        "v.position_embd.weight": zeros(POSITIONS * POSITIONS, WIDTH),
        "v.blk.0.ln1.weight": straight,
        "v.blk.0.attn_qkv.weight": zeros(3 * WIDTH, WIDTH),
        "v.blk.0.attn_out.weight": zeros(WIDTH, WIDTH),
        "v.blk.0.ln2.weight": straight,
        "v.blk.0.ffn_gate.weight": zeros(HIDDEN, WIDTH),
        "v.blk.0.ffn_up.weight": zeros(HIDDEN, WIDTH),
        "v.blk.0.ffn_down.weight": zeros(WIDTH, HIDDEN),
        "v.post_ln.weight": straight,
        **_merger(),
        **_projection(text_width),
    }


def _patches() -> dict[str, FloatTensor]:
    """Mean of each channel over the patch, pixel statistics undone; the fourth feature is K.

    The tower adds two convolutions (a video's two frames); each gives half.
    """
    kernel, bias = zeros(WIDTH, _CHANNELS, PATCH, PATCH), zeros(WIDTH)
    for channel in range(_CHANNELS):
        kernel[channel, channel] = IMAGE_STD[channel] / (2 * PATCH * PATCH)
        bias[channel] = IMAGE_MEAN[channel]
    bias[_CHANNELS] = K
    return {
        "v.patch_embd.weight": kernel,
        "v.patch_embd.weight.1": kernel.copy(),
        "v.patch_embd.bias": bias,
    }


def _merger() -> dict[str, FloatTensor]:
    """The mean of 2×2 patches, feature by feature."""
    kernel = zeros(WIDTH, WIDTH, 2, 2)
    for feature in range(_CHANNELS + 1):
        kernel[feature, feature] = 1 / 4
    return {"mm.patch_merger.weight": kernel, "mm.patch_merger.bias": zeros(WIDTH)}


def _projection(text_width: int) -> dict[str, FloatTensor]:
    """LayerNorm takes the mean away, so each feature goes as a pair (x, −x); K alone fixes the deviation.

    The norm's bias lifts all into the straight part of GELU; the difference of a pair lets it go again.
    """
    fc = zeros(WIDTH, WIDTH)
    up = zeros(HIDDEN, WIDTH)
    for feature in range(_CHANNELS + 1):
        fc[2 * feature, feature], fc[2 * feature + 1, feature] = 1, -1
        up[feature, 2 * feature], up[feature, 2 * feature + 1] = 0.5, -0.5
    norm = filled(WIDTH, K * math.sqrt(2 / WIDTH))
    lift = filled(WIDTH, 2 * K)
    lift[-1] = 20.0  # an unused feature: the constant that holds every gate open, silu(20) = 20
    gate = zeros(HIDDEN, WIDTH)
    gate[:, -1] = 1
    down = zeros(text_width, HIDDEN)
    for channel, feature in enumerate((Feature.RED, Feature.GREEN, Feature.BLUE)):
        down[feature, channel] = 1 / 20
    down[Feature.CONSTANT, _CHANNELS] = 1 / 20
    down[Feature.PICTURE, _CHANNELS] = 1 / (20 * K)
    return {
        "mm.model.fc.weight": fc,
        "mm.post_norm.weight": norm,
        "mm.post_norm.bias": lift,
        "mm.gate.weight": gate,
        "mm.up.weight": up,
        "mm.down.weight": down,
    }
