"""How Go's values look in Python, and what a template may ask of any value.

================= ==========================================================================
Go                Python
================= ==========================================================================
string            `str`. Go's strings are bytes: bytes that are not UTF-8 are kept as lone
                  surrogates U+DC80..U+DCFF ("surrogateescape"), one for each byte, which is
                  also how Go counts runes. `to_bytes` and `from_bytes` convert.
bool, int         `bool`, `int`
float64           `float` (every number that Go decodes from JSON)
complex128        `complex`
nil               `None`
[]interface {}    `list` or `tuple`
map[string]any    `dict` (ranges and prints in the order of its keys)
[]byte            `bytes`
other scalars     `Scalar(type, value)`: uint8, a named string type, …
other slices      `Slice(type, items)`; items None is a nil slice
other maps        `Map(type, items)`; items None is a nil map
struct            `Struct(type, {"Name": value, …})`; absent fields get their zero value
*T                `Pointer(target)`, nil: `Pointer(None, pointer_to(T))`
func              `Func(type, callable)`
iter.Seq, Seq2    `Iterator(type, make)`; `make()` gives a Python iterator (of pairs for Seq2)
================= ==========================================================================

`bool()` of a value is Go's truth. Values are never changed by a template. A value inside a typed
container may be written plainly: `typed` gives it its static type, e.g. a `list` in a field of type
[]string becomes a `Slice`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from collections.abc import Iterator as PyIterator
from typing import Any

from . import gotypes as t
from .gotypes import GoType, Kind


class Scalar:
    """A number, string or bool whose type is not Go's default one for it.

    A float32 holds what is left of the number in 32 bits.
    """

    __slots__ = ("type", "value")

    def __bool__(self) -> bool:
        return bool(self.value)

    def __init__(self, type: GoType, value: Any) -> None:
        self.type = type
        self.value = to_float32(value) if type.kind is Kind.FLOAT32 else value

    def __repr__(self) -> str:
        return f"Scalar({self.type.name}, {self.value!r})"


class Slice:
    """A slice (or array): `length` elements of `items` from `start`, room for `cap`.

    items: backing list, None for a nil slice; it may be longer than the slice.
    cap: how far `slice` may extend it (default: its length, as make([]T, n) has it).
    """

    __slots__ = ("cap", "items", "length", "start", "type")

    def __bool__(self) -> bool:
        return self.length > 0

    def __init__(
        self,
        type: GoType,
        items: list[Any] | tuple[Any, ...] | None,
        start: int = 0,
        length: int | None = None,
        cap: int | None = None,
    ) -> None:
        self.type = type
        self.items = items
        self.start = start
        self.length = (len(items) - start if items is not None else 0) if length is None else length
        self.cap = self.length if cap is None else cap

    def __repr__(self) -> str:
        return f"Slice({self.type.name}, {elements(self)!r})"


class Map:
    """A map other than map[string]any; items None is a nil map."""

    __slots__ = ("items", "type")

    def __bool__(self) -> bool:
        return bool(self.items)

    def __init__(self, type: GoType, items: Mapping[Any, Any] | None) -> None:
        self.type = type
        self.items = items

    def __repr__(self) -> str:
        return f"Map({self.type.name}, {self.items!r})"


class Struct:
    """A struct; `fields` has every field by its Go name, in the type's order."""

    __slots__ = ("fields", "type")

    def __bool__(self) -> bool:
        return True

    def __init__(self, type: GoType, fields: Mapping[str, Any] | None = None) -> None:
        given = fields or {}
        self.type = type
        self.fields = {
            f.name: typed(f.type, given[f.name]) if f.name in given else zero(f.type) for f in type.fields
        }
        if len(given) > len(self.fields) or any(name not in self.fields for name in given):
            unknown = next(name for name in given if name not in self.fields)
            raise TypeError(f"{type.name} has no field {unknown}")

    def __repr__(self) -> str:
        return f"Struct({self.type.name}, {self.fields!r})"


class Pointer:
    """A pointer. Two pointers are equal in Go's sense when they have the same target object."""

    __slots__ = ("target", "type")

    def __bool__(self) -> bool:
        return self.target is not None

    def __init__(self, target: Any, type: GoType | None = None) -> None:
        if type is None and target is None:
            raise TypeError("a nil pointer needs its type")
        self.target = target
        self.type = type if type is not None else t.pointer_to(type_of(target))

    def __repr__(self) -> str:
        return f"Pointer({self.target!r})" if self.target is not None else f"Pointer(nil {self.type.name})"


class Func:
    """A function as a value (for `call` and for fields that hold functions)."""

    __slots__ = ("call", "type")

    def __bool__(self) -> bool:
        return self.call is not None

    def __init__(self, type: GoType, call: Callable[..., Any] | None) -> None:
        self.type = type
        self.call = call


class Iterator:
    """An iter.Seq or iter.Seq2 value; `make` starts one pass over it."""

    __slots__ = ("make", "type")

    def __bool__(self) -> bool:
        return self.make is not None

    def __init__(self, type: GoType, make: Callable[[], PyIterator[Any]] | None) -> None:
        self.type = type
        self.make = make


_NATIVE: dict[type, GoType] = {
    str: t.STRING,
    bool: t.BOOL,
    int: t.INT,
    float: t.FLOAT64,
    complex: t.COMPLEX128,
    list: t.ANY_SLICE,
    tuple: t.ANY_SLICE,
    dict: t.ANY_MAP,
    bytes: t.BYTES,
}
_WRAPPED = (Scalar, Slice, Map, Struct, Pointer, Func, Iterator)


def type_of(value: Any) -> GoType:
    """reflect.TypeOf for a value that is not nil. Raises TypeError for what no Go value looks like."""
    found = _NATIVE.get(type(value))
    if found is not None:
        return found
    if isinstance(value, _WRAPPED):
        return value.type
    for python, go in _NATIVE.items():  # subclasses, e.g. an enum of strings; bool precedes int
        if isinstance(value, python):
            return go
    raise TypeError(f"{type(value).__name__} is not a value that a template can be given")


def go_type_name(value: Any) -> str:
    """What %T prints."""
    return "<nil>" if value is None else type_of(value).name


def kind_of(value: Any) -> Kind:
    """reflect.Kind; None (an untyped nil) is INVALID."""
    return Kind.INVALID if value is None else type_of(value).kind


def plain(value: Any) -> Any:
    """The Python number, string or bool inside a scalar value."""
    return value.value if type(value) is Scalar else value


def zero(type: GoType) -> Any:
    """reflect.Zero: the zero value of a type."""
    kind = type.kind
    if kind is Kind.INTERFACE:
        return None
    if kind is Kind.SLICE:
        return Slice(type, None)
    if kind is Kind.MAP:
        return Map(type, None)
    if kind is Kind.POINTER:
        return Pointer(None, type)
    if kind is Kind.STRUCT:
        return Struct(type)
    if kind is Kind.ARRAY:
        assert type.elem is not None
        return Slice(type, [zero(type.elem)] * type.length)
    if kind is Kind.FUNC:
        return Iterator(type, None) if type.yields else Func(type, None)
    return typed(type, _ZERO_SCALARS[kind])


_ZERO_SCALARS: dict[Kind, Any] = {
    Kind.BOOL: False,
    Kind.STRING: "",
    Kind.COMPLEX64: 0j,
    Kind.COMPLEX128: 0j,
    Kind.FLOAT32: 0.0,
    Kind.FLOAT64: 0.0,
    **{k: 0 for k in Kind if k.signed or k.unsigned},
}
_NATIVE_TYPES = frozenset(_NATIVE.values())


def typed(type: GoType, value: Any) -> Any:
    """`value`, written plainly or not, as a value of the static type `type`."""
    if type.kind is Kind.INTERFACE or isinstance(value, _WRAPPED):
        return value
    kind = type.kind
    if kind is Kind.SLICE or kind is Kind.ARRAY:
        if value is None or type not in _NATIVE_TYPES:
            return Slice(type, list(value) if isinstance(value, (bytes, str)) else value)
        return value
    if kind is Kind.MAP:
        return Map(type, value) if value is None or type is not t.ANY_MAP else value
    if kind is Kind.STRUCT:
        return Struct(type, value)
    if kind is Kind.POINTER:
        assert type.elem is not None
        return Pointer(typed(type.elem, value), type) if value is not None else Pointer(None, type)
    return value if type in _NATIVE_TYPES else Scalar(type, value)


def append_capacity(length: int) -> int:
    """The capacity of a []any that Go's JSON decoder has filled by appending `length` elements.

    Go 1.26, runtime/slice.go (doubling to 256, then a quarter and 192), msize.go (allocation sizes).
    """
    cap = 0
    while cap < length:
        wanted = 1 if cap == 0 else cap * 2 if cap < 256 else cap + (cap + 768) // 4
        cap = _allocated(wanted * 16) // 16
    return cap


# Sizes in bytes that Go's allocator rounds up to, as far as doubled 16-byte elements can meet them.
_SIZES = (
    *(16, 32, 64, 128, 256, 512, 1152, 2304, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240),
    *(10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768),
)
_PAGE = 8192
_HEADER = 8  # goes before objects of more than 512 bytes that hold pointers


def _allocated(size: int) -> int:
    """The usable bytes of an allocation."""
    if size > _SIZES[-1] - _HEADER:
        return -(-size // _PAGE) * _PAGE
    header = _HEADER if size > 512 else 0
    return next(s for s in _SIZES if s >= size + header) - header


def as_slice(value: Any) -> Slice:
    """A slice value in its general form; `list` and `bytes` are given the capacity Go would give them."""
    if isinstance(value, Slice):
        return value
    if isinstance(value, bytes):
        return Slice(t.BYTES, list(value))
    return Slice(t.ANY_SLICE, value, cap=append_capacity(len(value)))


def elements(value: Any) -> list[Any] | tuple[Any, ...]:
    """The elements of a slice or array, each with its static type."""
    if not isinstance(value, Slice):
        return [Scalar(t.UINT8, b) for b in value] if isinstance(value, bytes) else value
    return [element(value, i) for i in range(value.length)]


def element(value: Slice, i: int) -> Any:
    """Element `i` of a slice; behind the backing list's end there are zero values."""
    assert value.type.elem is not None
    at = value.start + i
    if value.items is None or at >= len(value.items):
        return zero(value.type.elem)
    return typed(value.type.elem, value.items[at])


def map_items(value: Any) -> Mapping[Any, Any]:
    """The plain mapping behind a map value; empty for a nil map."""
    items = value.items if isinstance(value, Map) else value
    return items if items is not None else {}


def sorted_items(value: Any) -> list[tuple[Any, Any]]:
    """A map's entries in the order in which Go prints and ranges; keys and values have their types."""
    items = map_items(value)
    keys = sorted(items, key=_order) if _plain_strings(items) else sorted(items, key=_deep_order)
    if not isinstance(value, Map):
        return [(k, items[k]) for k in keys]
    key, elem = value.type.key, value.type.elem
    assert key is not None
    assert elem is not None
    return [(typed(key, k), typed(elem, items[k])) for k in keys]


def _plain_strings(items: Mapping[Any, Any]) -> bool:
    return all(type(k) is str for k in items)


def _order(key: str) -> bytes:
    return to_bytes(key)


def _deep_order(key: Any) -> tuple[Any, ...]:
    """fmtsort's order for keys that are not plain strings."""
    value = plain(key)
    if isinstance(value, str):
        return (to_bytes(value),)
    if isinstance(value, complex):
        return (value.real, value.imag)
    if isinstance(value, float):
        return (value == value, value)
    return (value,)


def length(value: Any) -> int:
    """Number of elements, entries or bytes; raises TypeError for what has no length."""
    if isinstance(value, str):
        return byte_length(value)
    if isinstance(value, Slice):
        return value.length
    if isinstance(value, Map):
        return len(value.items) if value.items is not None else 0
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return byte_length(value.value)
    if isinstance(value, (list, tuple, dict, bytes)):
        return len(value)
    raise TypeError(go_type_name(value))


def truth(value: Any) -> bool:
    """template.IsTrue: whether a value is not the zero of its kind; structs are always true."""
    return bool(value)


def is_nil(value: Any) -> bool:
    """Whether it is nil, typed or not."""
    if value is None:
        return True
    if isinstance(value, (Slice, Map)):
        return value.items is None and value.type.kind is not Kind.ARRAY
    if isinstance(value, Pointer):
        return value.target is None
    if isinstance(value, Func):
        return value.call is None
    return isinstance(value, Iterator) and value.make is None


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string. Raises UnicodeEncodeError for surrogates that no Go string has."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """A Go string from its bytes, which need not be UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def canonical(text: str) -> str:
    """The one form of a string put together from parts whose bytes may complete each other."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return from_bytes(to_bytes(text))
    return text


def byte_length(text: str) -> int:
    """len() of a Go string: bytes, not characters."""
    return len(text) if text.isascii() else len(to_bytes(text))


def is_raw_byte(char: str) -> bool:
    """Whether it stands for a byte that is not UTF-8."""
    return "\udc80" <= char <= "\udcff"


def to_float32(value: float) -> float:
    """Go's float32(f): what 32 bits keep of it; what is too large is infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
