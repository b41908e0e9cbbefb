"""`KEY=VALUE` and `KEY=TYPE:VALUE` as a person writes them, read as values of GGUF metadata."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..core.errors import UsageError
from .arrays import SCALARS
from .metadata import Metadata

TYPES = (*(name for name, _ in SCALARS.values()), "string")
"""The types that a value may be given."""

_KEY = re.compile(r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*")  # the GGUF specification: lower case, parts with dots
_TYPED = re.compile(rf"({'|'.join(TYPES)}):(.*)", re.DOTALL)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?")
# Keys that llama.cpp reads as one type only (src/llama-vocab.cpp); a file with another does not load.
_KNOWN = (
    (re.compile(r"tokenizer\.ggml\.add_\w+"), "bool"),
    (re.compile(r"tokenizer\.ggml\.remove_extra_whitespaces"), "bool"),
    (re.compile(r"tokenizer\.ggml\.\w+_token_id"), "uint32"),
    (re.compile(r"tokenizer\.ggml\.(?:model|pre)|tokenizer\.chat_template(?:\..+)?"), "string"),
    (re.compile(r"general\.(?:name|type|description|author|organization|license)"), "string"),
)


@dataclass(frozen=True)
class Assignment:
    """A value for a key. type: its GGUF type; new: whether the file has no such key yet."""

    key: str
    type: str
    value: int | float | bool | str
    new: bool = False


def read_assignments(texts: Iterable[str], metadata: Metadata) -> list[Assignment]:
    """What `--set` options say about a file.

    texts: `KEY=VALUE` or `KEY=TYPE:VALUE`. metadata: the file's. A value without a TYPE has the type that
    the key has in the file. For a new key it is the type that llama.cpp reads, where that is known, else a
    bool (`true`, `false`), an integer, a float32 or a string, by what the value looks like.
    Raises UsageError for what is no assignment, a key that no GGUF has, a value that is not of its type,
    an array, and a key that is set twice.
    """
    found: dict[str, Assignment] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"{text!r} has no `=`, expected KEY=VALUE",
                help="for example tokenizer.ggml.add_bos_token=false",
            )
        if key in found:
            raise UsageError(f"{key} is set twice", help="give one value for each key")
        found[key] = _assignment(key, value, metadata)
    return list(found.values())


def _assignment(key: str, text: str, metadata: Metadata) -> Assignment:
    new = key not in metadata
    if new and not _KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} is not a key of GGUF metadata",
            help="keys are lower case, with digits, `_` and `.`; `mkmodelfile inspect --format json` shows "
            "those of a file",
        )
    if not new and metadata.type_of(key).endswith("[]"):
        raise UsageError(
            f"{key} is an array ({metadata.type_of(key)}), and arrays cannot be changed",
            help="only numbers, booleans and strings can be changed; for an array, convert the model again",
        )
    typed = _TYPED.fullmatch(text)
    if typed:
        kind, text = typed.groups()
    else:
        kind = metadata.type_of(key) if not new else _known(key) or _type_like(text)
    return Assignment(key, kind, _value(key, kind, text), new)


def _known(key: str) -> str | None:
    return next((kind for pattern, kind in _KNOWN if pattern.fullmatch(key)), None)


def _type_like(text: str) -> str:
    """The type of a new key's value: what llama.cpp's converter would write for such a value."""
    if text in ("true", "false"):
        return "bool"
    if _INTEGER.fullmatch(text):
        number = int(text)
        bits = 32 if -(2**31) <= number < 2**32 else 64
        return f"{'int' if number < 0 else 'uint'}{bits}"
    return "float32" if _FLOAT.fullmatch(text) else "string"


def _value(key: str, kind: str, text: str) -> int | float | bool | str:
    if kind == "string":
        return text
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise _not_of_type(key, kind, text, "write true or false")
        return text.lower() == "true"
    if kind.startswith("float"):
        if not (_FLOAT.fullmatch(text) or _INTEGER.fullmatch(text)) or not math.isfinite(float(text)):
            raise _not_of_type(key, kind, text, "write a number, as 0.5")
        return float(text)
    bits = int(kind.lstrip("uint"))
    low, high = (0, 2**bits) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    # 20 digits are more than any of these types holds; int() of millions of digits takes minutes.
    if not _INTEGER.fullmatch(text) or len(text) > 21 or not low <= int(text) < high:
        raise _not_of_type(key, kind, text, f"write an integer from {low} to {high - 1}")
    return int(text)


def _not_of_type(key: str, kind: str, text: str, advice: str) -> UsageError:
    shown = text if len(text) <= 40 else text[:40] + "…"
    return UsageError(f"{shown!r} is no value for {key}, which is of type {kind}", help=advice)
