"""Projectors of real shape, as sparse files: the small ones of the zoo (tests/zoo/projectors.py), grown.

Their output stays as wide as the small text models, so that these go with them. Three blocks stand for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from ..zoo.pairs import small
from ..zoo.writer import EYE, add_keys
from .real_models import write_sparse

BLOCKS = 3


@dataclass(frozen=True)
class Eye:
    """Numbers of a vision encoder by its config.json. positions: rows of its learned ones, 0 for none."""

    width: int
    feed: int
    heads: int
    image: int
    positions: int = 0


EYES: Mapping[str, Eye] = {
    "gemma3": Eye(1152, 4304, 16, 896, 4096),
    "mlp": Eye(1024, 4096, 16, 336, 576),
    "internvl": Eye(1024, 4096, 16, 448, 1025),
    "qwen2.5vl_merger": Eye(1280, 3420, 16, 560),
    "pixtral": Eye(1024, 4096, 16, 1024),
    "glm4v": Eye(1536, 13696, 12, 336, 576),
}
"""SigLIP of Gemma 3, CLIP of LLaVA 1.5, InternViT, Qwen2.5-VL's, Pixtral's and GLM-4.1V's."""


def write_projector(path: Path, kind: str) -> Path:
    eye, little = EYES[kind], small(kind)
    out = gguf.GGUFWriter(str(path), "clip")
    out.add_type("mmproj")
    keys: dict[str, Any] = {
        "clip.projector_type": kind,
        "clip.has_vision_encoder": True,
        "clip.vision.embedding_length": eye.width,
        "clip.vision.feed_forward_length": eye.feed,
        "clip.vision.block_count": BLOCKS,
        "clip.vision.projection_dim": little.width,
        "clip.vision.attention.head_count": eye.heads,
        "clip.vision.attention.layer_norm_epsilon": 1e-5,
        "clip.vision.image_mean": [0.5] * 3,
        "clip.vision.image_std": [0.5] * 3,
    }
    more = {"clip.vision.image_size": eye.image, "clip.vision.patch_size": 14}
    add_keys(out, {**keys, **little.keys, **more})
    end = 0
    for name, shape in _tensors(kind, eye):
        dtype = np.dtype(np.float16 if len(shape) == 2 and "position" not in name else np.float32)
        size = prod(shape) * dtype.itemsize
        out.add_tensor_info(name, shape, dtype, size)
        end += -(-size // 32) * 32
    return write_sparse(out, path, end)


def _tensors(kind: str, eye: Eye) -> list[tuple[str, tuple[int, ...]]]:
    found = []
    for name, shape in small(kind).shapes.items():
        blocks = range(BLOCKS) if name.startswith("v.blk.0.") else [None]
        if name.startswith("v.blk.") and not name.startswith("v.blk.0."):
            continue
        grown = tuple(
            {EYE: eye.width, 3 * EYE: 3 * eye.width, 4 * EYE: 4 * eye.width}.get(n, n) for n in shape
        )
        if ".ffn_up" in name or ".ffn_gate" in name:
            grown = (eye.feed, *grown[1:])
        elif name.endswith("ffn_down.weight"):
            grown = (grown[0], eye.feed)
        elif name == "v.position_embd.weight":
            grown = (eye.positions, eye.width)
        found += [(name if n is None else name.replace("v.blk.0.", f"v.blk.{n}."), grown) for n in blocks]
    return found
