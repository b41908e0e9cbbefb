"""An argument that a model wrote as text, turned into a value by the tool's schema (qwen3coder.go).

Of several types the first of these that fits is taken: null, boolean, integer, number, array, object, string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..reply_types import ReplyError
from .go_json import read_list, read_object
from .go_numbers import read_float, read_int, whole
from .go_text import as_json_text

_READERS = ("boolean", "integer", "number", "array", "object")


def value_of(raw: bytes, types: Sequence[str]) -> Any:
    """The value of an argument that may stand on lines of its own: one newline at each end is dropped."""
    return typed_value(raw.removeprefix(b"\n").removesuffix(b"\n"), types)


def typed_value(raw: bytes, types: Sequence[str]) -> Any:
    """The value of an argument; types: those that the tool declares, none where it declares none."""
    if raw.lower() == b"null":
        return None
    for kind in _READERS:
        if kind not in types:
            continue
        fits, value = _read(raw, kind)
        if fits:
            return value
        if len(types) == 1:
            return False if kind == "boolean" else as_json_text(raw)
    return as_json_text(raw)


def _read(raw: bytes, kind: str) -> tuple[bool, Any]:
    if kind == "boolean":
        lower = raw.lower()
        return lower in (b"true", b"false"), lower == b"true"
    if kind == "integer":
        number = read_int(raw)
        return number is not None, number
    if kind == "number":
        value = read_float(raw)
        if value is None:
            return False, None
        integer = whole(value)
        return True, value if integer is None else integer
    try:
        return True, (read_list if kind == "array" else read_object)(raw)
    except ReplyError:
        return False, None
