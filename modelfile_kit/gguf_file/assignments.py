"""`KEY=VALUE` and `KEY=TYPE:VALUE` as a person writes them, read as values of GGUF metadata.

A list is written as JSON does, so that texts may hold commas, quotes and brackets; `@FILE` stands for what a
file holds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.files import parse_json, read_file
from ..core.near_words import near_word
from .arrays import SCALARS
from .encode import Scalar, Value, type_of_new
from .limits import MAX_STRING_BYTES
from .metadata import Metadata

TYPES = (*(name for name, _ in SCALARS.values()), "string")
"""The types that a value may be given; an array's is one of them with `[]`."""

FROM_FILE = "@"
"""What a value begins with that is read from a file; two of them stand for one that is meant."""

MAX_DIGITS = 21
"""More than any of these types holds; int() of millions of digits takes minutes."""

_KEY = re.compile(r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*")  # the GGUF specification: lower case, parts with dots
_TYPED = re.compile(rf"((?:{'|'.join(TYPES)})(?:\[\])?):(.*)", re.DOTALL)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?")
# Keys that llama.cpp reads as one type only (src/llama-vocab.cpp); a file with another does not load.
_KNOWN = (
    (re.compile(r"tokenizer\.ggml\.add_\w+"), "bool"),
    (re.compile(r"tokenizer\.ggml\.remove_extra_whitespaces"), "bool"),
    (re.compile(r"tokenizer\.ggml\.\w+_token_id"), "uint32"),
    (re.compile(r"tokenizer\.ggml\.(?:model|pre)|tokenizer\.chat_template(?:\..+)?"), "string"),
    (re.compile(r"general\.(?:name|type|description|author|organization|license)"), "string"),
    (re.compile(r"tokenizer\.ggml\.(?:tokens|merges)|general\.(?:tags|languages)"), "string[]"),
    (re.compile(r"tokenizer\.ggml\.(?:token_type|eos_token_ids)"), "int32[]"),
    (re.compile(r"tokenizer\.ggml\.scores"), "float32[]"),
)


@dataclass(frozen=True)
class Assignment:
    """A value for a key. type: its GGUF type; new: whether the file has no such key yet."""

    key: str
    type: str
    value: Value
    new: bool = False


def read_assignments(
    texts: Iterable[str],
    metadata: Metadata,
    *,
    read: Callable[[str], bytes] = lambda name: read_file(Path(name), MAX_STRING_BYTES + 1),
) -> list[Assignment]:
    """What `--set` options say about a file.

    texts: `KEY=VALUE` or `KEY=TYPE:VALUE`; a VALUE is a text, a number, true or false, a list such as
    `[1, 2]` or `["a, b", "c"]` for an array, or `@FILE` for what the file holds (`@@` begins a text with one
    `@`). metadata: the file's. A value without a TYPE has the type that the key has in the file. For a new
    key it is the type that llama.cpp reads, where that is known, else a bool (`true`, `false`), an integer, a
    float32, a string or an array of these, by what the value looks like. read: the bytes of a named file.
    Raises UsageError for what is no assignment, a key that no GGUF has, a value that is not of its type,
    and a key that is set twice.
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
        found[key] = _assignment(key, value, metadata, read)
    return list(found.values())


def check_deletions(keys: Iterable[str], metadata: Metadata) -> list[str]:
    """The keys that `--delete` options name, each once. Raises UsageError for one that the file has not."""
    found = list(dict.fromkeys(keys))
    for key in found:
        if key not in metadata:
            near = near_word(key, list(metadata))
            raise UsageError(
                f"{key!r} is not in the file, so it cannot be deleted",
                help=f"did you mean {near}?"
                if near
                else "`mkmodelfile inspect --format json` shows the keys of a file",
            )
    return found


def _assignment(key: str, text: str, metadata: Metadata, read: Callable[[str], bytes]) -> Assignment:
    new = key not in metadata
    if new and not _KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} is not a key of GGUF metadata",
            help="keys are lower case, with digits, `_` and `.`; `mkmodelfile inspect --format json` shows "
            "those of a file",
        )
    typed = _TYPED.fullmatch(text)
    kind = typed[1] if typed else "" if new else metadata.type_of(key)
    said = typed[2] if typed else text
    text = _read(key, said, read)
    bare = text.strip() if said.startswith(FROM_FILE) else text  # a file ends with a newline
    kind = kind or _known(key) or _type_like(key, bare)
    if kind != "string":
        text = bare
    if kind.endswith("[]"):
        return Assignment(key, kind, _list(key, kind, text), new)
    return Assignment(key, kind, _value(key, kind, text), new)


def _read(key: str, text: str, read: Callable[[str], bytes]) -> str:
    """The text itself, or what the file holds that it names."""
    if not text.startswith(FROM_FILE):
        return text
    name = text[len(FROM_FILE) :]
    if name.startswith(FROM_FILE):
        return name
    if not name:
        raise UsageError(f"no file is named for {key}", help=f"write {key}=@FILE, or {key}=@@ for the sign @")
    data = read(name)
    if len(data) > MAX_STRING_BYTES:
        raise UsageError(
            f"{name} is longer than {MAX_STRING_BYTES:,} bytes, the limit for one value",
            help="give the file of the value itself",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            help="metadata are texts and numbers; save the file as UTF-8",
        ) from error


def _list(key: str, kind: str, text: str) -> list[Scalar]:
    """The values of an array, from a JSON list."""
    advice = 'write a list as JSON does: [1, 2], [true, false] or ["a, b", "c"]'
    if not text.lstrip().startswith("["):
        raise UsageError(f"{key} is an array ({kind}), expected a list, found {_short(text)!r}", help=advice)
    values = parse_json(text, f"the list for {key}", help=advice)
    return [_element(key, kind, value) for value in values]


def _element(key: str, kind: str, value: Any) -> Scalar:
    """One value of an array, held to the type of all."""
    element, one = kind[:-2], f"a value of {key}"
    if isinstance(value, str) != (element == "string") or not isinstance(value, (str, bool, int, float)):
        shown = _short(json.dumps(value, ensure_ascii=False))
        raise UsageError(
            f"{shown} is no value for {key}, which is of type {kind}",
            help='texts stand in quotes, as in ["a", "b"]; numbers, true and false do not',
        )
    if isinstance(value, str):
        return value
    return _value(one, element, str(value).lower() if isinstance(value, bool) else str(value))


def _known(key: str) -> str | None:
    return next((kind for pattern, kind in _KNOWN if pattern.fullmatch(key)), None)


def _type_like(key: str, text: str) -> str:
    """The type of a new key's value: what llama.cpp's converter would write for such a value."""
    if text in ("true", "false"):
        return "bool"
    if _INTEGER.fullmatch(text):
        number = int(text[: MAX_DIGITS + 1])
        bits = 32 if -(2**31) <= number < 2**32 else 64
        return f"{'int' if number < 0 else 'uint'}{bits}"
    if text.startswith("[") and text.endswith("]"):
        return _type_of_list(key, text)
    return "float32" if _FLOAT.fullmatch(text) else "string"


def _type_of_list(key: str, text: str) -> str:
    """The type of a new array; a text that only looks like one is a string, if its type is given."""
    say = f"say the type: {key}=int32[]:[1, 2], or {key}=string:{_short(text, 20)} for a text"
    values = parse_json(text, f"the list for {key}", help=say)
    whole = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    if len(whole) == len(values) and values and not all(-(2**31) <= v < 2**31 for v in whole):
        return "uint32[]" if all(0 <= v < 2**32 for v in whole) else "int64[]"
    if any(isinstance(v, float) for v in values) and not any(isinstance(v, (bool, str)) for v in values):
        return "float32[]"
    try:
        return type_of_new(values)
    except (ValueError, TypeError):
        message = f"the list for the new key {key} does not say the type of its values"
        raise UsageError(message, help=say) from None


def _value(key: str, kind: str, text: str) -> Scalar:
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
    if not _INTEGER.fullmatch(text) or len(text) > MAX_DIGITS or not low <= int(text) < high:
        raise _not_of_type(key, kind, text, f"write an integer from {low} to {high - 1}")
    return int(text)


def _not_of_type(key: str, kind: str, text: str, advice: str) -> UsageError:
    return UsageError(f"{_short(text)!r} is no value for {key}, which is of type {kind}", help=advice)


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
