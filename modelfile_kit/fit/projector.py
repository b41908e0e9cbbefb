"""The memory of a projector: its weights, and one pass over an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..gguf_file.header import Header
from .graph import Graph, Part, Result
from .shape import four_dimensions

_WARM_UP: Mapping[str, int] = {
    **dict.fromkeys(("phi4", "pixtral", "lightonocr", "kimivl", "gemma4v", "gemma4uv", "youtuvl"), 16),
    **dict.fromkeys(("minimax_m3", "deepseek4v"), 16),
    **dict.fromkeys(("muse_glimmer", "hunyuanvl"), 32),
    "paddleocr": 28,
    **dict.fromkeys(("qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger", "ling3vl"), 46),
    **dict.fromkeys(("glm4v", "glm5v", "dots_ocr", "dots3note_v", "mimovl", "exaone4_5"), 46),
}
"""Tokens of each side of the image that llama.cpp reserves for, where it is not the model's own image size.

A larger image takes more while it is read. Source: tools/mtmd/clip.cpp of October 2026, set_warmup_n_tokens.
"""

_MERGED: Mapping[str, int] = {
    **dict.fromkeys(("phi4", "pixtral", "lightonocr", "gemma3nv", "kimivl"), 1),
    **dict.fromkeys(("gemma3", "minicpmv4_6", "step3vl"), 4),
    **dict.fromkeys(("gemma4v", "gemma4uv"), 3),
    **dict.fromkeys(("qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger", "ling3vl", "minimax_m3"), 2),
    **dict.fromkeys(("muse_glimmer", "mimovl", "youtuvl", "glm4v", "glm5v", "paddleocr", "hunyuanvl"), 2),
    "exaone4_5": 2,
}
"""Patches of each side that become one token, where the file does not say."""

_LOOKED_UP = frozenset({"mlp", "mlp_norm", "ldp", "ldpv2"})
"""Their learned positions are looked up, which makes a copy; others add them as they are."""

MAX_SIDE = 1 << 14
MAX_PATCHES = 1 << 18


@dataclass(frozen=True)
class ProjectorMemory:
    """In bytes.

    compute: what one image takes, of the size that llama.cpp reserves for; 0 where it is not known, as for
    sound. image_size: that size, pixels of a side.
    """

    weights: int
    compute: int
    image_size: int


def projector_memory(header: Header) -> ProjectorMemory:
    """What a projector takes beside the model."""
    weights = sum(tensor.size or 0 for tensor in header.tensors)
    side, patch = _image(header)
    if not side:
        return ProjectorMemory(weights, 0, 0)
    return ProjectorMemory(weights, _pass(header, side, patch), side)


def _image(header: Header) -> tuple[int, int]:
    """Pixels of a side, and of a patch; 0 where the file does not say or says nonsense."""
    metadata = header.metadata
    kind = metadata.text("clip.projector_type") or metadata.text("clip.vision.projector_type")
    patch = metadata.integer("clip.vision.patch_size") or 0
    side = metadata.integer("clip.vision.image_size") or 0
    if kind in ("deepseekocr", "deepseekocr2"):
        side = 1024
    elif kind in _WARM_UP:
        keys = ("clip.vision.spatial_merge_size", "clip.vision.projector.scale_factor")
        said = next((n for key in keys if (n := metadata.integer(key))), None)
        side = _WARM_UP[kind] * patch * (said or _MERGED.get(kind, 1))
    if not 0 < patch <= side <= MAX_SIDE or (side // patch) ** 2 > MAX_PATCHES:
        return 0, 0
    return side, patch


def _pass(header: Header, side: int, patch: int) -> int:
    """One image through the encoder (clip.cpp, build_vit), with flash attention."""
    shapes = {tensor.name: four_dimensions(tensor.shape) for tensor in header.tensors}
    graph = Graph()
    op = graph.op
    width = header.metadata.integer("clip.vision.embedding_length") or 0
    patches = (side // patch) ** 2
    count = patches + ("v.class_embd" in shapes)
    row = 4 * count
    pixels = graph.input(12 * side * side)
    fused = "v.blk.0.attn_qkv.weight" in shapes
    # Positions that are turned into angles; learned ones are added to the patches.
    turned = fused or "v.position_embd.weight" not in shapes
    kind = header.metadata.text("clip.projector_type")
    positions = graph.input(16 * count) if turned or kind in _LOOKED_UP else None
    size = 4 * patches * width
    columns = op(6 * patch * patch * patches, pixels)  # of 16 bits, whatever the kernel has
    residual = op(size, Part(op(size, Part(op(size, columns)))))
    if "v.patch_embd.weight.1" in shapes:
        second = op(size, Part(op(columns.size, pixels)))
        residual = op(size, residual, second, over=True)
    if kind in _LOOKED_UP:
        residual = op(size, residual, op(size, positions), over=True)
    if count > patches:
        residual = op(row * width, residual, op(4 * width))
    layers = header.metadata.integer("clip.vision.block_count") or 0
    for n in range(min(layers, 3)):  # all alike: three show what one takes
        angles = positions if turned else None
        residual = _layer(graph, shapes, f"v.blk.{n}.", residual, width * row, row, angles)
    if any(name.startswith("v.post_ln") for name in shapes):
        residual = op(residual.size, op(residual.size, residual, over=True), over=True)
    ends = (shape[1] for name, shape in shapes.items() if name.startswith("mm."))
    widest = max(ends, default=0)
    merged = op(residual.size, Part(residual))
    op(op(max(widest * row // 4, 1), merged).size)
    return graph.peak()


def _layer(
    graph: Graph,
    shapes: Mapping[str, tuple[int, ...]],
    prefix: str,
    residual: Result,
    size: int,
    row: int,
    positions: Result | None,
) -> Result:
    op = graph.op
    normed = op(size, op(size, residual), over=True)
    if f"{prefix}attn_qkv.weight" in shapes:
        fused = op(shapes[f"{prefix}attn_qkv.weight"][1] * row, normed)
        q, k, v = Part(fused), Part(fused), Part(fused)
    else:
        q, k, v = (Part(op(size, normed)) for _ in range(3))
    if positions is not None:
        query, key = op(size, q, positions), op(size, k, positions)
    else:
        query, key = q.of, k.of
    halves = op(size // 2, Part(key)), op(size // 2, v)
    mixed = op(size, Part(query), *halves)
    residual = op(size, op(size, Part(mixed)), residual, over=True)
    normed = op(size, op(size, residual), over=True)
    feed = shapes.get(f"{prefix}ffn_up.weight", (0, 0))[1] * row
    if f"{prefix}ffn_gate.weight" in shapes:
        grown = op(feed, op(feed, normed), op(feed, normed))
    else:
        grown = op(feed, op(feed, normed), over=True)
    return op(size, residual, op(size, grown), over=True)
