"""Go's encoding/json.Marshal: compact, keys sorted, HTML's characters escaped. Source: Go 1.26, encode.go."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

from .gotypes import Field, GoFunctionError, GoType, Kind
from .representation import (
    Pointer,
    Slice,
    Struct,
    element,
    is_nil,
    map_items,
    plain,
    to_bytes,
    truth,
    type_of,
    typed,
)
from .strconv import format_float

# Python's encoder escapes what JSON itself demands, the same way as Go; the rest is done here.
_MORE = re.compile("[<>&\u2028\u2029\udc80-\udcff]")
_MORE_ESCAPES = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_SPACE_OUTSIDE = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
_TAG_NAME = re.compile(r"[^\\\"',`\s]+\Z")


def marshal(value: Any) -> str:
    """The JSON text of a value, as Marshal gives it.

    A method MarshalJSON of its type, which returns JSON text, is obeyed. Raises GoFunctionError with
    Go's text for what JSON cannot hold (functions, complex numbers, NaN, infinities).

        >>> marshal({"b": 1.0, "a": ["<", None]})
        '{"a":["\\\\u003c",null],"b":1}'
    """
    out: list[str] = []
    _encode(value, out.append, addressable=False)
    return "".join(out)


def encode_string(text: str) -> str:
    """A string as Marshal writes it; a byte that is not UTF-8 becomes `\\ufffd`."""
    encoded = encode_basestring(text)
    return _MORE.sub(_escape, encoded) if _MORE.search(encoded) else encoded


def _escape(match: re.Match[str]) -> str:
    return _MORE_ESCAPES.get(match.group(), "\\ufffd")


def format_number(value: float, bits: int = 64) -> str:
    """A finite number as Marshal writes it: as JavaScript would."""
    size = abs(value)
    if size == 0 or 1e-6 <= size < 1e21:
        return format_float(value, "f", bits=bits)
    text = format_float(value, "e", bits=bits)
    return text[:-2] + text[-1] if text[-4:-1] == "e-0" else text


_Write = Callable[[str], object]


def _encode(value: Any, write: _Write, *, addressable: bool) -> None:
    plain_encoder = _PLAIN.get(type(value))
    if plain_encoder is not None:
        plain_encoder(value, write)
        return
    type_ = type_of(value)
    method = type_.method("MarshalJSON", addressable=addressable)
    if method is not None:
        _marshaler(value, type_, method.call, write)
        return
    _ENCODERS.get(type_.kind, _unsupported)(value, write, addressable)


def _marshaler(value: Any, type_: GoType, call: Callable[..., Any], write: _Write) -> None:
    receiver = value
    if isinstance(value, Pointer):
        if value.target is None:
            write("null")
            return
        receiver = value.target
    try:
        text = call(receiver)
    except GoFunctionError as error:
        raise GoFunctionError(f"json: error calling MarshalJSON for type {type_.name}: {error}") from None
    write(_MORE.sub(_escape, _SPACE_OUTSIDE.sub(lambda m: m.group(1) or "", text)))


def _null(_value: None, write: _Write) -> None:
    write("null")


def _bool(value: Any, write: _Write, _addressable: bool = False) -> None:
    write("true" if plain(value) else "false")


def _integer(value: Any, write: _Write, _addressable: bool = False) -> None:
    write(str(plain(value)))


def _float(value: Any, write: _Write, _addressable: bool = False) -> None:
    number = plain(value)
    bits = 32 if type_of(value).kind is Kind.FLOAT32 else 64
    if not math.isfinite(number):
        raise GoFunctionError(f"json: unsupported value: {format_float(number, 'g', bits=bits)}")
    write(format_number(number, bits))


def _string(value: Any, write: _Write, _addressable: bool = False) -> None:
    write(encode_string(plain(value)))


def _list(value: Any, write: _Write) -> None:
    write("[")
    for i, item in enumerate(value):
        if i:
            write(",")
        _encode(item, write, addressable=True)
    write("]")


def _bytes(value: bytes, write: _Write) -> None:
    write(f'"{base64.b64encode(value).decode("ascii")}"')


def _dict(value: dict[Any, Any], write: _Write) -> None:
    _entries({str(k): v for k, v in value.items()}, write)


def _entries(items: dict[str, Any], write: _Write) -> None:
    write("{")
    for i, key in enumerate(sorted(items, key=to_bytes)):
        write(("," if i else "") + encode_string(key) + ":")
        _encode(items[key], write, addressable=False)
    write("}")


def _map(value: Any, write: _Write, _addressable: bool) -> None:
    key, elem = value.type.key, value.type.elem
    if not (key.kind is Kind.STRING or key.kind.signed or key.kind.unsigned):
        _unsupported(value, write, False)
    if is_nil(value):
        write("null")
        return
    _entries({str(plain(k)): typed(elem, v) for k, v in map_items(value).items()}, write)


def _slice(value: Slice, write: _Write, addressable: bool) -> None:
    elem = value.type.elem
    assert elem is not None
    if is_nil(value):
        write("null")
    elif elem.kind is Kind.UINT8 and value.type.kind is Kind.SLICE:
        _bytes(bytes(plain(element(value, i)) for i in range(value.length)), write)
    else:
        write("[")
        for i in range(value.length):
            if i:
                write(",")
            _encode(
                element(value, i),
                write,
                addressable=not elem.is_interface and (addressable or value.type.kind is Kind.SLICE),
            )
        write("]")


def _struct(value: Struct, write: _Write, addressable: bool) -> None:
    separator = "{"
    for field in value.type.fields:
        name, options = _tag(field)
        item = value.fields[field.name]
        if not name or ("omitempty" in options and _is_empty(field, item)):
            continue
        write(separator + encode_string(name) + ":")
        separator = ","
        _encode(item, write, addressable=addressable and not field.type.is_interface)
    write("{}" if separator == "{" else "}")


def _tag(field: Field) -> tuple[str, list[str]]:
    """The name under which a field is written ("" when it is not) and the tag's options."""
    if field.json == "-" or not field.exported:
        return "", []
    name, *options = field.json.split(",")
    return (name if _TAG_NAME.match(name) else field.name), options


def _is_empty(field: Field, value: Any) -> bool:
    """encoding/json's isEmptyValue: structs are never empty, an interface only when it is nil."""
    kind = field.type.kind
    if kind is Kind.INTERFACE:
        return value is None
    return kind not in (Kind.STRUCT, Kind.FUNC) and not truth(value)


def _pointer(value: Pointer, write: _Write, _addressable: bool) -> None:
    if value.target is None:
        write("null")
    else:
        _encode(value.target, write, addressable=True)


def _unsupported(value: Any, _write: _Write, _addressable: bool) -> None:
    raise GoFunctionError(f"json: unsupported type: {type_of(value).name}")


_PLAIN: dict[type, Callable[[Any, _Write], None]] = {
    str: _string,
    bool: _bool,
    int: _integer,
    float: _float,
    type(None): _null,
    list: _list,
    tuple: _list,
    dict: _dict,
    bytes: _bytes,
}
_ENCODERS: dict[Kind, Callable[[Any, _Write, bool], None]] = {
    Kind.BOOL: _bool,
    Kind.STRING: _string,
    Kind.FLOAT32: _float,
    Kind.FLOAT64: _float,
    Kind.MAP: _map,
    Kind.SLICE: _slice,
    Kind.ARRAY: _slice,
    Kind.STRUCT: _struct,
    Kind.POINTER: _pointer,
    **{k: _integer for k in Kind if k.signed or k.unsigned},
}
