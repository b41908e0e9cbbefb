"""llama.cpp's pre-tokenizers: which names it knows, and into what each cuts a text.

pre_tokenizers.json is made from llama.cpp's source by tools/pre_tokenizers.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("pre_tokenizers.json")

# Expressions that only stand for a function of unicode.cpp, or that match nothing but a place.
_NOT_AS_WRITTEN = ("KIMI_K2", "AFMOE", "TINY_AYA", "SUPERBPE")


@dataclass(frozen=True)
class PreTokenizer:
    """What a value of `tokenizer.ggml.pre` means.

    name: the value; type: llama.cpp's name of it, the same for values that cut alike; patterns: the regular
    expressions, each applied to the pieces that the one before left; byte_level: whether tokens are spelled
    byte by byte; ignore_merges: whether a piece that is a token stays whole.
    """

    name: str
    type: str
    patterns: tuple[str, ...]
    byte_level: bool
    ignore_merges: bool

    @property
    def as_written(self) -> bool:
        """Whether the expressions say all that llama.cpp does."""
        return self.type not in _NOT_AS_WRITTEN


@cache
def pre_tokenizers() -> Mapping[str, PreTokenizer]:
    """Every value of `tokenizer.ggml.pre` that llama.cpp takes for a byte-pair vocabulary, by name."""
    data = _data()
    found = {}
    for name, row in data["names"].items():
        kind = data["types"].get(row["type"], data["types"]["DEFAULT"])
        found[name] = PreTokenizer(
            name, row["type"], tuple(kind["patterns"]), kind["bytes"], row.get("ignore_merges", False)
        )
    return found


def checksum_text() -> str:
    """The text by whose tokens llama.cpp's converter recognises a tokenizer."""
    return str(_data()["text"])


_SHARED = {
    "ibm-granite/granite-embedding-311m-multilingual-r2": ("google/gemma-3",),
    "meta-llama/Meta-Llama-3-8B": ("meta-llama/Llama-3.1",),
    "Qwen/Qwen1.5-7B": ("Qwen/Qwen2", "Qwen/Qwen2.5", "Qwen/Qwen3"),
}
"""Families that have the checksum of a repository too, of which llama.cpp's converter names one alone."""


def models_of(repository: str) -> tuple[str, ...]:
    """The models that share a checksum, as far as they are known. repository: of `known_checksum`."""
    name = repository.removeprefix("https://huggingface.co/")
    return (*_SHARED.get(name, ()), name) if name else ()


def known_checksum(checksum: str) -> tuple[str, str] | None:
    """The value of `tokenizer.ggml.pre` and the repository that a checksum stands for; None if unknown.

    checksum: SHA-256 in hexadecimal of `str(ids)`, ids: of `checksum_text` with special tokens around it.
    """
    found = _data()["checksums"].get(checksum)
    return (found[0], found[1]) if found else None


@cache
def _data() -> dict[str, Any]:
    return dict(json.loads(_DATA.read_text(encoding="utf-8")))
