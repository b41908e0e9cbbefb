"""Whole new GGUF files in memory, of metadata and small tensors (ggml, docs/gguf.md)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from .encode import Value, encode_entry, encode_text, type_of_new
from .float_tensor import FloatTensor

MAGIC, VERSION = b"GGUF", 3
ALIGNMENT = 32
"""Where tensors begin if `general.alignment` says nothing else: at a multiple of so many bytes."""

_FLOAT32 = 0  # enum ggml_type


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
    types = types or {}
    entries = {"general.architecture": architecture, **keys}
    parts = [
        MAGIC,
        struct.pack("<IQQ", VERSION, len(tensors), len(entries)),
        *(encode_entry(key, types.get(key) or type_of_new(v), v, "<") for key, v in entries.items()),
    ]
    data: list[bytes] = []
    offset = 0
    for name, tensor in tensors.items():
        lengths = tensor.shape[::-1]  # the fastest axis first
        parts += [
            encode_text(name, "<"),
            struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, _FLOAT32, offset),
        ]
        raw = tensor.tobytes()
        padded = raw + _padding(len(raw))
        data.append(padded)
        offset += len(padded)
    head = b"".join(parts)
    return b"".join((head, _padding(len(head)), *data))


def _padding(size: int) -> bytes:
    return bytes(-size % ALIGNMENT)
