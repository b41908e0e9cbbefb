"""The functions that every template has. Source: Go 1.26, text/template/funcs.go.

They take `Ref`s where Go's take a reflect.Value, plain values where Go's take `any` or a string.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_from_bytes

from ..budget import Budget
from ..fmt import Printer
from ..values import gotypes as t
from ..values.gotypes import Function, GoFunctionError, GoType, Kind
from ..values.reflection import INVALID, REFLECT_VALUE, Ref, assignable, equal, is_nil_ref, member
from ..values.representation import (
    Func,
    Pointer,
    Scalar,
    Slice,
    as_slice,
    element,
    from_bytes,
    is_raw_byte,
    length,
    map_items,
    plain,
    to_bytes,
    type_of,
    typed,
    zero,
)
from ..values.unicode_tables import is_print


def error(text: str) -> GoFunctionError:
    return GoFunctionError(text)


# Length, index, slice.


def go_len(item: Ref) -> int:
    item, nil = item.indirect()
    if nil:
        raise error("len of nil pointer")
    if not item.valid:
        raise error("reflect: call of reflect.Value.Type on zero Value")
    if item.kind in (Kind.ARRAY, Kind.MAP, Kind.SLICE, Kind.STRING):
        return length(item.data)
    raise error(f"len of type {item.type.name}")


def _index_arg(index: Ref, cap: int) -> int:
    """An index as a number from 0 to `cap`."""
    kind = index.kind
    if kind is Kind.INVALID:
        raise error("cannot index slice/array with nil")
    if not (kind.signed or kind.unsigned):
        raise error(f"cannot index slice/array with type {index.type.name}")
    value: int = plain(index.data)
    if value >= 1 << 63:
        value -= 1 << 64
    if not 0 <= value <= cap:
        raise error(f"index out of range: {value}")
    return value


def _prepare_key(index: Ref, want: GoType) -> Any:
    """An index as a map's key (prepareArg)."""
    if not index.valid:
        if not want.kind.nillable:
            raise error(f"value is nil; should be of type {want.name}")
        return None
    have = index.type
    if assignable(have, want):
        return index.data if want.is_interface else plain(index.data)
    if (have.kind.signed or have.kind.unsigned) and (want.kind.signed or want.kind.unsigned):
        return _convert_int(plain(index.data), want.kind)
    raise error(f"value has type {have.name}; should be {want.name}")


_BITS = {Kind.INT8: 8, Kind.UINT8: 8, Kind.INT16: 16, Kind.UINT16: 16, Kind.INT32: 32, Kind.UINT32: 32}


def _convert_int(value: int, kind: Kind) -> int:
    bits = _BITS.get(kind, 64)
    value &= (1 << bits) - 1
    return value - (1 << bits) if kind.signed and value >> (bits - 1) else value


def go_index(item: Ref, *indexes: Ref) -> Ref:
    item = item.unboxed()
    if not item.valid:
        raise error("index of untyped nil")
    for index in indexes:
        item, nil = item.indirect()
        if nil:
            raise error("index of nil pointer")
        item = _index_one(item, index.unboxed())
    return item


def _index_one(item: Ref, index: Ref) -> Ref:
    kind = item.kind
    if kind is Kind.STRING:
        return _byte_at(to_bytes(plain(item.data)), index)
    if kind in (Kind.SLICE, Kind.ARRAY):
        items = as_slice(item.data)
        at = _index_arg(index, items.length)
        if at == items.length:
            raise error(f"reflect: {'slice' if kind is Kind.SLICE else 'array'} index out of range")
        assert items.type.elem is not None
        return member(items.type.elem, element(items, at), addressable=kind is Kind.SLICE or item.addressable)
    if kind is Kind.MAP:
        return map_entry(item.data, _prepare_key(index, _key_type(item.data)), default=True)
    raise error(f"can't index item of type {item.type.name}")


# One object for each byte: reading a string byte by byte makes none.
BYTES = tuple(Scalar(t.UINT8, b) for b in range(256))


def _byte_at(data: bytes, index: Ref) -> Ref:
    at = _index_arg(index, len(data))
    if at == len(data):
        raise error("reflect: string index out of range")
    return Ref(BYTES[data[at]])


def _key_type(value: Any) -> GoType:
    key = type_of(value).key
    assert key is not None
    return key


def map_entry(value: Any, key: Any, *, default: bool) -> Ref:
    """A map's entry; an absent one is invalid, or with `default` the zero value of its type."""
    elem = type_of(value).elem
    assert elem is not None
    items = map_items(value)
    try:
        found = items.get(key, INVALID)
    except TypeError:
        raise error(f"runtime error: hash of unhashable type {type_of(key).name}") from None
    if found is not INVALID:
        return member(elem, typed(elem, found))
    return member(elem, zero(elem)) if default else INVALID


def go_slice(item: Ref, *indexes: Ref) -> Ref:
    item = item.unboxed()
    if not item.valid:
        raise error("slice of untyped nil")
    item, nil = item.indirect()
    if nil:
        raise error("slice of nil pointer")
    if len(indexes) > 3:
        raise error(f"too many slice indexes: {len(indexes)}")
    if item.kind is Kind.STRING:
        if len(indexes) == 3:
            raise error("cannot 3-index slice a string")
        data = to_bytes(plain(item.data))
        low, high, _ = _bounds(indexes, len(data), len(data))
        text = from_bytes(data[low:high])
        return Ref(Scalar(item.type, text) if isinstance(item.data, Scalar) else text)
    if item.kind not in (Kind.SLICE, Kind.ARRAY):
        raise error(f"can't slice item of type {item.type.name}")
    if item.kind is Kind.ARRAY and not item.addressable:
        raise error("reflect.Value.Slice: slice of unaddressable array")
    items = as_slice(item.data)
    low, high, limit = _bounds(indexes, items.length, items.cap)
    result_type = items.type if item.kind is Kind.SLICE else t.slice_of(items.type.elem or t.ANY)
    return Ref(Slice(result_type, items.items, items.start + low, high - low, limit - low))


def _bounds(indexes: tuple[Ref, ...], size: int, cap: int) -> tuple[int, int, int]:
    """The three indexes of a slice expression, with what they are when left out."""
    at = [_index_arg(index, cap) for index in indexes]
    low, high, limit = (*at, *(0, size, cap)[len(at) :])
    if low > high:
        raise error(f"invalid slice index: {low} > {high}")
    if high > limit:
        raise error(f"invalid slice index: {high} > {limit}")
    return low, high, limit


# Comparisons. Go 1.24 does not name the two types that it calls incompatible.


def format_ref(ref: Ref, verb: str, budget: Budget) -> str:
    """%s or %v of a reflect.Value."""
    if not ref.valid:
        return "<invalid reflect.Value>" if verb == "v" else f"%!{verb}(<invalid reflect.Value>)"
    printer = Printer(budget)
    if ref.data is None or not printer.handle_methods(ref.data, verb):
        printer.print_value(ref.data, verb, 0, boxed=ref.boxed)
    return printer.result()


_BAD_TYPE = "invalid type for comparison"


def _basic(ref: Ref) -> str:
    """The group of kinds that are compared with each other; "" for others."""
    kind = ref.kind
    if kind.signed:
        return "int"
    if kind.unsigned:
        return "uint"
    return _BASIC.get(kind, "")


_BASIC = {
    Kind.BOOL: "bool",
    Kind.STRING: "string",
    Kind.FLOAT32: "float",
    Kind.FLOAT64: "float",
    Kind.COMPLEX64: "complex",
    Kind.COMPLEX128: "complex",
}


def go_eq(budget: Budget, first: Ref, *others: Ref) -> bool:
    if not others:
        raise GoFunctionError("missing argument for comparison")
    first = first.unboxed()
    return any(_equal_one(budget, first, other.unboxed()) for other in others)


def _equal_one(budget: Budget, a: Ref, b: Ref) -> bool:
    kind_a, kind_b = _basic(a), _basic(b)
    if kind_a and kind_b and (kind_a == kind_b or {kind_a, kind_b} == {"int", "uint"}):
        return bool(plain(a.data) == plain(b.data))
    if kind_a != kind_b:
        if a.valid and b.valid:
            raise GoFunctionError(f"incompatible types for comparison: {a.type.name} and {b.type.name}")
        return False
    if a.valid and b.valid and a.kind is not b.kind:
        shown_a, shown_b = (format_ref(r, v, budget) for r, v in ((a, "s"), (b, "v")))
        raise GoFunctionError(f"non-comparable types {shown_a}: {a.type.name}, {b.type.name}: {shown_b}")
    if is_nil_ref(a) or is_nil_ref(b):
        return is_nil_ref(a) and is_nil_ref(b)
    if not b.type.comparable:
        raise GoFunctionError(f"non-comparable type {format_ref(b, 's', budget)}: {b.type.name}")
    return equal(a.data, b.data)


def go_ne(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_eq(budget, a, b)


def go_lt(budget: Budget, a: Ref, b: Ref) -> bool:
    a, b = a.unboxed(), b.unboxed()
    kind_a, kind_b = _basic(a), _basic(b)
    if not kind_a or not kind_b:
        raise GoFunctionError(_BAD_TYPE)
    if kind_a != kind_b and {kind_a, kind_b} != {"int", "uint"}:
        raise GoFunctionError(f"incompatible types for comparison: {a.type.name} and {b.type.name}")
    if kind_a in ("bool", "complex"):
        raise GoFunctionError(_BAD_TYPE)
    left, right = plain(a.data), plain(b.data)
    if kind_a == "string" and not (left.isascii() and right.isascii()):
        left, right = budget.bytes_of(left), budget.bytes_of(right)
    return bool(left < right)


def go_le(budget: Budget, a: Ref, b: Ref) -> bool:
    return go_lt(budget, a, b) or go_eq(budget, a, b)


def go_gt(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_le(budget, a, b)


def go_ge(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_lt(budget, a, b)


# Truth and escaping.


def go_not(item: Ref) -> bool:
    return not item.truth()


_HTML = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', **{c: f"\\u{ord(c):04X}" for c in "<>&="}}


def html_escape(text: str) -> str:
    return text.translate(_HTML)


def js_escape(text: str) -> str:
    return "".join(_js_char(c) for c in text)


def _js_char(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if " " <= char < "\x80":
        return char
    if is_raw_byte(char):  # Go decodes U+FFFD, finds it printable and keeps the byte
        return char
    return char if char >= "\x80" and is_print(char) else f"\\u{ord(char):04X}"


def url_escape(text: str) -> str:
    return quote_from_bytes(to_bytes(text), safe=" ").replace(" ", "+")


def printable(ref: Ref) -> tuple[Any, bool]:
    """What is handed to fmt for a value, and whether it can be printed (printableValue)."""
    if ref.kind is Kind.POINTER:
        ref, _ = ref.indirect()
    if not ref.valid:
        return "<no value>", True
    if ref.data is None:
        return None, True
    type_ = type_of(ref.data)
    if not _has_text_method(type_):
        if ref.addressable and _has_text_method(t.pointer_to(type_)):
            return Pointer(ref.data), True
        if ref.kind is Kind.FUNC:
            return None, False
    return ref.data, True


def _has_text_method(type_: GoType) -> bool:
    return any(type_.method(name) is not None for name in ("Error", "String"))


def text_of(args: tuple[Any, ...], budget: Budget) -> str:
    """evalArgs: the arguments as print has them, each looked through its pointers."""
    if len(args) == 1 and type(args[0]) is str:
        return args[0]
    shown = []
    for arg in args:
        value, ok = printable(Ref(arg))
        shown.append(value if ok else arg)
    return Printer(budget).sprint(shown)


# `call`


def go_call(name: str, function: Ref, args: list[Ref]) -> Ref:
    """The builtin `call`, which the evaluator tells the name of what is called."""
    function = function.unboxed()
    if not function.valid:
        raise error("call of nil")
    signature = function.type.signature
    if signature is None or not isinstance(function.data, Func):
        raise error(f"non-function {name} of type {function.type.name}")
    params = signature.params
    fixed = len(params) - (1 if signature.variadic else 0)
    if len(args) < fixed or (len(args) > fixed and not signature.variadic):
        least = "at least " if signature.variadic else ""
        raise error(f"wrong number of args for {name}: got {len(args)} want {least}{fixed}")
    values = []
    for i, arg in enumerate(args):
        want = params[min(i, len(params) - 1)]
        try:
            values.append(_prepare_argument(arg.unboxed(), want))
        except GoFunctionError as failed:
            raise error(f"arg {i}: {failed}") from None
    if function.data.call is None:
        raise error("reflect: call of nil function")
    return member(signature.result or t.ANY, function.data.call(*values))


def _prepare_argument(arg: Ref, want: GoType) -> Any:
    if not arg.valid and want.kind.nillable:
        return zero(want)
    key = _prepare_key(arg, want)
    return arg.data if arg.valid and assignable(arg.type, want) else typed(want, key)


def _unreachable(*_args: Any) -> Any:
    raise AssertionError("the evaluator does this itself")


# Those that look at values as they are: how many parameters, whether the last repeats, the result.
_REFLECTING: dict[str, tuple[Callable[..., Any], int, bool, GoType]] = {
    "and": (_unreachable, 2, True, REFLECT_VALUE),
    "or": (_unreachable, 2, True, REFLECT_VALUE),
    "call": (_unreachable, 2, True, REFLECT_VALUE),
    "index": (go_index, 2, True, REFLECT_VALUE),
    "slice": (go_slice, 2, True, REFLECT_VALUE),
    "len": (go_len, 1, False, t.INT),
    "not": (go_not, 1, False, t.BOOL),
}
_COMPARING: dict[str, tuple[Callable[..., Any], bool]] = {
    "eq": (go_eq, True),
    "ne": (go_ne, False),
    "lt": (go_lt, False),
    "le": (go_le, False),
    "gt": (go_gt, False),
    "ge": (go_ge, False),
}
_ESCAPING: dict[str, Callable[[str], str]] = {
    "html": html_escape,
    "js": js_escape,
    "urlquery": url_escape,
}
BUILTIN_NAMES = frozenset({*_REFLECTING, *_COMPARING, *_ESCAPING, "print", "printf", "println"})


def builtins(budget: Budget) -> dict[str, Function]:
    """Go's functions by name, working within a budget."""
    found = {
        name: Function(call, (REFLECT_VALUE,) * count, result, variadic)
        for name, (call, count, variadic, result) in _REFLECTING.items()
    }
    for name, (compare, variadic) in _COMPARING.items():
        found[name] = Function(partial(compare, budget), (REFLECT_VALUE,) * 2, t.BOOL, variadic)
    for name, escape in _ESCAPING.items():
        found[name] = Function(partial(escaped, budget, escape), (t.ANY,), t.STRING, True)
    found["print"] = Function(lambda *args: Printer(budget).sprint(args), (t.ANY,), t.STRING, True)
    found["println"] = Function(lambda *args: Printer(budget).sprintln(args), (t.ANY,), t.STRING, True)
    found["printf"] = Function(
        lambda text, *args: Printer(budget).sprintf(text, args), (t.STRING, t.ANY), t.STRING, True
    )
    return found


def escaped(budget: Budget, escape: Callable[[str], str], *args: Any) -> str:
    """html, js or urlquery of the arguments."""
    text = text_of(args, budget)
    if escape is js_escape:
        budget.check_quoted(text)
    budget.spend(len(text))
    return budget.made(escape(text))
