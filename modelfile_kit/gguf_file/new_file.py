"""Whole new GGUF files in memory, of metadata and small tensors (ggml, docs/gguf.md)."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from ..core.file_kinds import GGUF_MAGIC
from .encode import Value, encode_entry, encode_text, type_of_new
from .float_tensor import FloatTensor

VERSION = 3
ALIGNMENT = 32
"""Where tensors begin if `general.alignment` says nothing else: at a multiple of so many bytes."""

_FLOAT32, _BYTES = 0, 4  # enum ggml_type, and bytes of a number


def new_gguf(
    architecture: str,
    keys: Mapping[str, Value],
    tensors: Mapping[str, FloatTensor],
    *,
    types: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a little-endian file.

    architecture: becomes the first key. keys: whole names to values, in this order; an integer is written as
    uint32 (in an array as int32), a number with a fraction as float32. types: GGUF's names of the types of
    some keys, in place of that. tensors: by name, in this order, float32.

    Raises ValueError for a value that does not fit its type, and for an empty list without a type.
    """
    head, _ = gguf_head(architecture, keys, {name: t.shape for name, t in tensors.items()}, types=types)
    data = (raw + _padding(len(raw)) for raw in (tensor.tobytes() for tensor in tensors.values()))
    return b"".join((head, *data))


def gguf_head(
    architecture: str,
    keys: Mapping[str, Value],
    shapes: Mapping[str, tuple[int, ...]],
    *,
    types: Mapping[str, str] | None = None,
    more: Sequence[bytes] = (),
) -> tuple[bytes, int]:
    """What stands before the tensors' data, and how many bytes that data has.

    Arguments as for `new_gguf`; shapes: of the tensors; more: further keys with their values, as a file
    of the same byte order holds them.
    """
    types = types or {}
    entries = {"general.architecture": architecture, **keys}
    parts = [
        GGUF_MAGIC,
        struct.pack("<IQQ", VERSION, len(shapes), len(entries) + len(more)),
        *(encode_entry(key, types.get(key) or type_of_new(v), v, "<") for key, v in entries.items()),
        *more,
    ]
    offset = 0
    for name, shape in shapes.items():
        lengths = shape[::-1]  # the fastest axis first
        parts.append(encode_text(name, "<"))
        parts.append(struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, _FLOAT32, offset))
        size = math.prod(shape) * _BYTES
        offset += size + len(_padding(size))
    head = b"".join(parts)
    return head + _padding(len(head)), offset


def _padding(size: int) -> bytes:
    return bytes(-size % ALIGNMENT)
