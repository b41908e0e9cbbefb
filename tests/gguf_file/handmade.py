"""GGUF bytes written by hand, so that every field can lie."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CODES = {
    "uint8": (0, "B"),
    "int8": (1, "b"),
    "uint16": (2, "H"),
    "int16": (3, "h"),
    "uint32": (4, "I"),
    "int32": (5, "i"),
    "float32": (6, "f"),
    "bool": (7, "B"),
    "string": (8, ""),
    "array": (9, ""),
    "uint64": (10, "Q"),
    "int64": (11, "q"),
    "float64": (12, "d"),
}


@dataclass(frozen=True)
class Typed:
    """A value with its GGUF type; an array's type is written "int32[]"."""

    type: str
    value: Any


def text(value: str | bytes, order: str = "<") -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(order + "Q", len(raw)) + raw


def value_bytes(typed: Typed, order: str = "<") -> bytes:
    """Type and value."""
    if typed.type.endswith("[]"):
        element = typed.type[:-2]
        head = struct.pack(order + "IIQ", 9, CODES[element][0], len(typed.value))
        return head + b"".join(plain(element, v, order) for v in typed.value)
    return struct.pack(order + "I", CODES[typed.type][0]) + plain(typed.type, typed.value, order)


def plain(kind: str, value: Any, order: str) -> bytes:
    return text(value, order) if kind == "string" else struct.pack(order + CODES[kind][1], value)


def entry(key: str | bytes, typed: Typed, order: str = "<") -> bytes:
    return text(key, order) + value_bytes(typed, order)


def tensor(
    name: str | bytes, shape: Sequence[int] = (4,), kind: int = 0, offset: int = 0, order: str = "<"
) -> bytes:
    dims = struct.pack(f"{order}I{len(shape)}Q", len(shape), *shape)
    return text(name, order) + dims + struct.pack(order + "IQ", kind, offset)


def gguf(
    entries: Mapping[str, Typed] | Sequence[bytes] = (),
    tensors: Sequence[bytes] = (),
    data: bytes = b"",
    *,
    version: int = 3,
    order: str = "<",
    keys: int | None = None,
    tensor_count: int | None = None,
    alignment: int = 32,
) -> bytes:
    """A whole file; `keys` and `tensor_count` may claim other numbers than there are."""
    if isinstance(entries, Mapping):
        entries = [entry(k, v, order) for k, v in entries.items()]
    head = b"GGUF" + struct.pack(
        order + "IQQ",
        version,
        len(tensors) if tensor_count is None else tensor_count,
        len(entries) if keys is None else keys,
    )
    body = head + b"".join(entries) + b"".join(tensors)
    if tensors:
        body += b"\0" * (-len(body) % alignment)
    return body + data


def model(
    architecture: str = "glm4",
    tokens: Sequence[str] = ("a",),
    types: Sequence[int] = (),
    **more: Typed,
) -> dict[str, Typed]:
    """Metadata of a small model; keyword `bos__x` is the key `bos.x`, `own__x` is the architecture's."""
    found = {
        "general.architecture": Typed("string", architecture),
        f"{architecture}.block_count": Typed("uint32", 2),
        f"{architecture}.embedding_length": Typed("uint32", 128),
        "tokenizer.ggml.model": Typed("string", "gpt2"),
        "tokenizer.ggml.tokens": Typed("string[]", list(tokens)),
        "tokenizer.ggml.token_type": Typed("int32[]", list(types) or [1] * len(tokens)),
    }
    for key, value in more.items():
        found[key.replace("own__", f"{architecture}.").replace("__", ".")] = value
    return found


def projector(kind: str = "glm4v", width: int | None = 128, **more: Typed) -> dict[str, Typed]:
    """Metadata of a projector; keyword as for `model`."""
    found = {
        "general.architecture": Typed("string", "clip"),
        "general.type": Typed("string", "mmproj"),
        "clip.has_vision_encoder": Typed("bool", 1),
        "clip.projector_type": Typed("string", kind),
        "clip.vision.block_count": Typed("uint32", 1),
    }
    if width is not None:
        found["clip.vision.projection_dim"] = Typed("uint32", width)
    for key, value in more.items():
        found[key.replace("__", ".")] = value
    return {k: v for k, v in found.items() if v.value is not None}
