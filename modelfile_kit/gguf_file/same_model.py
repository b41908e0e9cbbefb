"""Whether two GGUFs are the same model with other weights, as the quantizations of one are."""

from __future__ import annotations

from typing import Any

from .arrays import NumberArray, StringArray
from .header import Header

# Of the architecture's own keys, those that no quantization changes: with others it is another model.
_SIZES = ("block_count", "embedding_length", "feed_forward_length", "attention.head_count", "expert_count")
_LONGEST = 60


def other_model(header: Header, main: Header) -> str:
    """Why a file is another model than `main`, in words; "" where its shape is the same."""
    if header.architecture != main.architecture:
        return f"its architecture is {header.architecture}, not {main.architecture}"
    for key in _SIZES:
        ours, theirs = header.metadata.get(header.own(key)), main.metadata.get(main.own(key))
        if plain(ours) != plain(theirs):
            return f"{header.own(key)} is {value_text(ours)}, not {value_text(theirs)}"
    return ""


def plain(value: Any) -> Any:
    """A value of metadata that can be compared: an array as a list."""
    return list(value) if isinstance(value, (StringArray, NumberArray)) else value


def value_text(value: Any) -> str:
    """A value of metadata in a sentence."""
    if value is None:
        return "missing"
    text = repr(value) if isinstance(value, str) else str(plain(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
