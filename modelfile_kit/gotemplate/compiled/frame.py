"""What compiled templates share while they run, and the values' operations in their plain form.

A frame is a list: [dot, runtime, output's append, `$`, variables …]. Where a rule is in doubt, a
`Bail` hands the whole execution over to the exact evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..budget import LONG, Budget, Limits
from ..exec.functions import BYTES, printable
from ..fmt import Printer
from ..values.gotypes import Function, Kind
from ..values.reflection import Ref
from ..values.representation import Map, Pointer, Slice, Struct, element, from_bytes, typed

DOT, RUNTIME, OUT, ROOT = range(4)
Frame = list[Any]

# Calls of templates inside each other that run compiled; deeper ones are the exact evaluator's.
MAX_COMPILED_CALLS = 100


class Bail(Exception):  # noqa: N818 - a jump to the exact evaluator, not an error
    """Not for the fast way."""


class Runtime(Budget):
    """A budget, and what calls need."""

    __slots__ = ("depth", "functions")

    def __init__(self, limits: Limits, functions: Mapping[str, Function]) -> None:
        super().__init__(limits)
        self.functions = functions
        self.depth = 0


def show(frame: Frame, value: Any) -> None:
    """Writes the value of an action."""
    kind = type(value)
    if kind is int:
        frame[OUT](str(value))
    elif value is None:
        frame[OUT]("<no value>")
    elif kind is str:
        frame[RUNTIME].write(value)
    else:
        if kind in (Struct, Slice, Map) and value.type.pointer_methods:
            raise Bail  # whether it can be addressed decides what is printed
        shown, ok = printable(Ref(value))
        if not ok:
            raise Bail
        frame[RUNTIME].write(Printer(frame[RUNTIME]).sprint([shown]))


def text(frame: Frame, value: Any, verb: str = "v") -> str:
    """An operand of printf or print as text."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value) if verb != "s" else f"%!s(int={value})"
    printer = Printer(frame[RUNTIME])
    printer.print_arg(value, verb)
    return printer.result()


def get_field(receiver: Any, name: str) -> Any:
    """A field, an entry or a method's result."""
    kind = type(receiver)
    if kind is dict:
        return receiver.get(name)
    if kind is Pointer:
        receiver = receiver.target
        kind = type(receiver)
        if kind is not Struct:
            raise Bail
        shape = receiver.type
        method = shape.methods.get(name) or shape.pointer_methods.get(name)
    elif kind is Struct or kind is Map:
        method = receiver.type.methods.get(name)
        if method is None and name in receiver.type.pointer_methods:
            raise Bail
    else:
        raise Bail
    if method is not None:
        if method.params:
            raise Bail
        return method.call(receiver)
    if kind is Struct and name in receiver.fields and name[:1].isupper():
        return receiver.fields[name]
    if kind is Map and receiver.type.key.kind is Kind.STRING and receiver.items and name in receiver.items:
        return typed(receiver.type.elem, receiver.items[name])
    raise Bail


def cut(frame: Frame, value: str, low: int, high: int | None) -> str:
    """value[low:high] in bytes; the indexes are ints that may be out of range."""
    if value.isascii():
        size = len(value)
        end = size if high is None else high
        if not 0 <= low <= end <= size:
            raise Bail
        return value[low:end]
    data = frame[RUNTIME].bytes_of(value)
    size = len(data)
    end = size if high is None else high
    if not 0 <= low <= end <= size:
        raise Bail
    if end - low > LONG:
        frame[RUNTIME].spend((end - low) >> 6)
    return from_bytes(data[low:end])


def head_at(frame: Frame, value: str, at: int, count: int) -> str:
    """The first `count` characters from byte `at` on: printf "%.Ns" (slice value at)."""
    if value.isascii():
        if not 0 <= at <= len(value):
            raise Bail
        return value[at : at + count]
    data = frame[RUNTIME].bytes_of(value)
    if not 0 <= at <= len(data):
        raise Bail
    return from_bytes(data[at : at + 4 * count])[:count]  # a character has four bytes at most


def byte_at(frame: Frame, value: str, at: int) -> int:
    """The byte `at`."""
    if at < 0:
        raise Bail
    try:
        return ord(value[at]) if value.isascii() else frame[RUNTIME].bytes_of(value)[at]
    except IndexError:
        raise Bail from None


def index_one(frame: Frame, item: Any, index: Any) -> Any:
    """index item index, for the ordinary kinds."""
    kind = type(item)
    if type(index) is int:
        if kind is str:
            return BYTES[byte_at(frame, item, index)]
        if kind is Slice and 0 <= index < item.length:
            return element(item, index)
        if (kind is list or kind is tuple) and 0 <= index < len(item):
            return item[index]
    elif kind is dict and type(index) is str:
        return item.get(index)
    raise Bail
