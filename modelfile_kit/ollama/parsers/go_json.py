"""JSON as encoding/json reads it into the values of a tool call.

What differs from Python's own reading: numbers are float64 and have to fit, broken UTF-8 and lone
surrogates become U+FFFD, a struct's fields are found whatever their case. Arguments are an ordered map
that reads its own keys (go-ordered-map): a key with broken UTF-8 or a lone surrogate is refused there.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from ...core.errors import UsageError
from ..reply_types import ReplyError
from .go_text import decode, without_surrogates

_SURROGATE = re.compile("[\ud800-\udfff]")
_FOLDS = str.maketrans("\u017f\u212aABCDEFGHIJKLMNOPQRSTUVWXYZ", "skabcdefghijklmnopqrstuvwxyz")


class Pairs(list[tuple[str, Any]]):
    """An object with all its keys, in their order and as often as they are written."""


class Literal(float):
    """A number together with the text that it was read from."""

    text: str


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ReplyError(f"a number does not fit into 64 bits: {text}")
    return value


def _literal(text: str) -> Literal:
    value = Literal(text)
    value.text = text
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _load(data: bytes, number: Any = _number) -> Any:
    try:
        return json.loads(
            decode(data),
            parse_int=number,
            parse_float=number,
            parse_constant=_refuse,
            object_pairs_hook=Pairs,
        )
    except RecursionError:
        raise UsageError(
            "a reply holds JSON that is nested too deep to be read here",
            help="shorten the reply; Ollama reads up to 10,000 levels",
        ) from None
    except ValueError as e:
        raise ReplyError(f"not the JSON that is expected: {e}") from None


def is_valid(data: bytes) -> bool:
    """json.Valid: whether the data is one JSON value; numbers may be of any size."""
    try:
        _load(data, number=lambda _: 0)
    except ReplyError:
        return False
    return True


def read_value(data: bytes) -> Any:
    """json.Unmarshal into `any`; raises ReplyError where it refuses."""
    return _clean(_load(data))


def read_object(data: bytes) -> dict[str, Any] | None:
    """json.Unmarshal into map[string]any: an object, None for `null`; raises ReplyError for other values."""
    value = read_value(data)
    if value is not None and not isinstance(value, dict):
        raise ReplyError("the JSON is no object")
    return value


def read_list(data: bytes) -> list[Any] | None:
    """json.Unmarshal into []any: a list, None for `null`; raises ReplyError for other values."""
    value = read_value(data)
    if value is not None and not isinstance(value, list):
        raise ReplyError("the JSON is no list")
    return value


def read_arguments(data: bytes) -> dict[str, Any] | None:
    """json.Unmarshal into api.ToolCallFunctionArguments; None for `null`."""
    return arguments_of(_load(data))


def arguments_of(value: Any) -> dict[str, Any] | None:
    """The arguments that a JSON value gives; raises ReplyError where it is no object."""
    if value is None:
        return None
    if not isinstance(value, Pairs):
        raise ReplyError("the arguments are no JSON object")
    for key, _ in value:
        if _SURROGATE.search(key):
            raise ReplyError("the name of an argument is not valid UTF-8")
    return {key: _clean(item) for key, item in value}


def read_struct(data: bytes, **fields: str) -> dict[str, Any]:
    """json.Unmarshal into a struct.

    fields: the JSON names with what they hold: "text", "int" or "arguments". The answer has those that the
    JSON gives; raises ReplyError where a field is of another kind.
    """
    return struct_of(_load(data, _literal), **fields)


def read_structs(data: bytes, **fields: str) -> list[dict[str, Any]]:
    """json.Unmarshal into a list of structs; empty for `null`."""
    value = _load(data, _literal)
    if value is None:
        return []
    if not isinstance(value, list) or isinstance(value, Pairs):
        raise ReplyError("the JSON is no list")
    return [struct_of(item, **fields) for item in value]


def struct_of(value: Any, **fields: str) -> dict[str, Any]:
    """What a JSON value gives for the fields of a struct; see `read_struct`."""
    if value is None:
        return {}
    if not isinstance(value, Pairs):
        raise ReplyError("the JSON is no object")
    found: dict[str, Any] = {}
    for key, item in value:
        name = key if key in fields else key.translate(_FOLDS)
        kind = fields.get(name)
        if kind == "arguments":
            found[name] = arguments_of(item)
        elif kind is not None and item is not None:
            found[name] = _field(item, kind)
    return found


def _field(item: Any, kind: str) -> str | int:
    if kind == "text" and isinstance(item, str):
        return without_surrogates(item)
    if kind == "int" and isinstance(item, Literal) and re.fullmatch(r"-?[0-9]{1,19}", item.text):
        number = int(item.text)
        if -(2**63) <= number < 2**63:
            return number
    raise ReplyError(f"a field of the JSON is no {kind}")


def _clean(value: Any) -> Any:
    """The value as encoding/json gives it: no surrogates, and numbers that are plain floats."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, Pairs):
        return {without_surrogates(key): _clean(item) for key, item in value}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return _number(value.text) if isinstance(value, Literal) else value
