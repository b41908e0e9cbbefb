"""Keys and values as a GGUF file holds them: the writing side of `arrays` and `metadata`."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .arrays import ARRAY, SCALARS, STRING

NUMBER_OF = {name: number for number, (name, _) in SCALARS.items()} | {"string": STRING}
"""The number of each type that is no array, by its name."""

Scalar = int | float | bool | str
Value = Scalar | Sequence[Scalar]
"""What a key can be given: a number, a boolean, a text, or a list of values of one of these types."""

# What a value of no known key gets: the types that llama.cpp's own converter writes.
_NEW = ((bool, "bool"), (int, "uint32"), (float, "float32"), (str, "string"))
_NEW_ELEMENT = ((bool, "bool"), (int, "int32"), (float, "float32"), (str, "string"))


def is_list(value: Value) -> bool:
    """Whether a value is one for an array."""
    return not isinstance(value, (str, int, float))


def type_of_new(value: Value) -> str:
    """GGUF's name of the type of a new key's value. Raises ValueError for a list that says none."""
    if isinstance(value, (str, int, float)):
        return next(name for kind, name in _NEW if isinstance(value, kind))
    for kind, name in _NEW_ELEMENT:
        if value and all(isinstance(v, kind) for v in value):
            return f"{name}[]"
    raise ValueError("its elements do not say their type")


def encode_entry(key: str, kind: str, value: Value, order: str) -> bytes:
    """A key with its type and value. kind: GGUF's name, "int32[]" for an array; order: "<" or ">".

    Raises ValueError where the value is not of the kind.
    """
    if not kind.endswith("[]"):
        if isinstance(value, (str, int, float)):
            return encode_text(key, order) + _u32(NUMBER_OF[kind], order) + _encode(kind, value, order)
        raise ValueError("a list is no single value")
    if isinstance(value, (str, int, float)):
        raise ValueError("a single value is no list")
    element = kind[:-2]
    head = encode_text(key, order) + _u32(ARRAY, order) + _u32(NUMBER_OF[element], order)
    return b"".join(
        (head, struct.pack(order + "Q", len(value)), *(_encode(element, one, order) for one in value))
    )


def encode_text(text: str, order: str) -> bytes:
    """A string: its length, then its bytes."""
    raw = text.encode()
    return struct.pack(order + "Q", len(raw)) + raw


def _u32(number: int, order: str) -> bytes:
    return struct.pack(order + "I", number)


def _encode(kind: str, value: Scalar, order: str) -> bytes:
    if kind == "string":
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is no text")
        return encode_text(value, order)
    fits = (bool,) if kind == "bool" else (int, float) if kind.startswith("float") else (int,)
    if not isinstance(value, fits) or (isinstance(value, bool) and kind != "bool"):
        raise ValueError(f"{value!r} is not of this type")
    try:
        return struct.pack(order + SCALARS[NUMBER_OF[kind]][1], value)
    except (OverflowError, struct.error) as error:
        raise ValueError(f"{value!r} is out of range") from error
