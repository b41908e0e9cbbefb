"""Compiled len, index and slice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..exec import functions as go
from ..fmt import MAX_WIDTH
from ..values import gotypes as t
from ..values.reflection import Ref
from ..values.representation import Slice, append_capacity
from .expressions import Args, Expr, Run, evaluate_all
from .frame import RUNTIME, Bail, Frame, cut, index_one


def compile_len(args: Args) -> Run | None:
    if len(args) != 1:
        return None
    (arg,) = args
    if arg.name == "printf":
        padded = _len_padded(arg.args)
        if padded is not None:
            return padded
    if arg.name == "slice" and len(arg.args) == 2 and arg.args[1].unboxed:
        return _len_rest(arg.args[0].run, arg.args[1].run)
    run = arg.run
    return lambda f: _length(f, run(f))


def _length(f: Frame, value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return len(value) if value.isascii() else len(f[RUNTIME].bytes_of(value))
    if kind is list or kind is dict or kind is tuple:
        return len(value)
    if kind is Slice:
        return value.length
    return go.go_len(Ref(value))


def _len_rest(value_of: Run, index_of: Run) -> Run:
    """`len (slice X I)` without cutting."""

    def rest(f: Frame) -> Any:
        value, at = value_of(f), index_of(f)
        if type(at) is not int or not _sliceable(value):
            raise Bail
        left = _length(f, value) - at
        if at < 0 or left < 0:
            raise Bail
        return left

    return rest


def _sliceable(value: Any) -> bool:
    """Whether `slice` surely takes it; pointers, arrays and values of other types are looked at exactly."""
    if type(value) is Slice:
        return value.type.kind is t.Kind.SLICE
    return type(value) in (str, list, tuple)


_PAD = re.compile(r"%(-?)(\*|\d{1,6})?s|%%|[^%]+|%")


def _len_padded(args: Args) -> Run | None:
    """`len (printf "%*s…" $n "")`: the way to add; no text is made."""
    if not args or not args[0].const_of(str) or not args[0].const.isascii():
        return None
    fixed, fields, rest = 0, [], list(args[1:])
    for match in _PAD.finditer(args[0].const):
        if match.group() == "%%":
            fixed += 1
        elif match.group().startswith("%"):
            if match.group() == "%" or len(rest) < (2 if match[2] == "*" else 1):
                return None
            width = rest.pop(0).run if match[2] == "*" else _always(int(match[2] or 0))
            fields.append((width, rest.pop(0).run))
        else:
            fixed += len(match.group())
    if rest:
        return None

    def measure(f: Frame) -> Any:
        total = fixed
        for width_of, value_of in fields:
            width, value = width_of(f), value_of(f)
            if type(width) is not int or type(value) is not str or abs(width) > MAX_WIDTH:
                raise Bail
            size = len(value)
            bytes_ = size if value.isascii() else len(f[RUNTIME].bytes_of(value))
            total += bytes_ + max(abs(width) - size, 0)
        return total

    return measure


def _always(value: int) -> Run:
    return lambda f: value


def compile_index(args: Args) -> Run | None:
    if len(args) != 2:
        return _unref(go.go_index, args) if args else None
    item_of, index_of = args[0].run, args[1].run

    def get(f: Frame) -> Any:
        item, index = item_of(f), index_of(f)
        try:
            return index_one(f, item, index)
        except Bail:
            return go.go_index(Ref(item), Ref(index)).data

    return get


def _unref(call: Callable[..., Ref], args: Args) -> Run:
    values_of = evaluate_all(args)
    return lambda f: call(*map(Ref, values_of(f))).data


def compile_slice(args: Args) -> Run | None:
    if not 1 <= len(args) <= 3 or not all(a.unboxed for a in args[1:]):
        return None  # more is refused or rare; what may be boxed, `slice` may refuse
    if len(args) == 3 and args[0].name == "slice" and len(args[0].args) == 2 and args[0].args[1].unboxed:
        return _slice_slice(args)
    item_of = args[0].run
    low_of = args[1].run if len(args) > 1 else _always(0)
    high_of = args[2].run if len(args) > 2 else lambda f: None
    ends_in = int if len(args) > 2 else type(None)  # a nil that is given is refused

    def get(f: Frame) -> Any:
        item, low, high = item_of(f), low_of(f), high_of(f)
        if type(low) is int and type(high) is ends_in:
            if type(item) is str:
                return cut(f, item, low, high)
            if type(item) in (Slice, list, tuple):
                return _sublist(item, low, high)
        raise Bail

    return get


def _slice_slice(args: Args) -> Run:
    """`slice (slice S I) A B`: one cut instead of two."""
    inner = args[0]
    item_of, at_of, low_of, high_of = inner.args[0].run, inner.args[1].run, args[1].run, args[2].run

    def get(f: Frame) -> Any:
        item, at, low, high = item_of(f), at_of(f), low_of(f), high_of(f)
        if type(item) is not str or type(at) is not int or type(low) is not int or type(high) is not int:
            raise Bail
        if at < 0 or not 0 <= low <= high:
            raise Bail
        return cut(f, item, at + low, at + high)

    return get


def _sublist(item: Any, low: int, high: int | None) -> Slice:
    if type(item) is not Slice:
        item = Slice(t.ANY_SLICE, item, cap=append_capacity(len(item)))
    end = item.length if high is None else high
    if item.type.kind is not t.Kind.SLICE or not 0 <= low <= end <= item.cap:
        raise Bail
    return Slice(item.type, item.items, item.start + low, end - low, item.cap - low)


def head_of(expr: Expr) -> tuple[Expr, Expr, int] | None:
    """The parts of `printf "%.Ns" (slice S I)`: S, I and N."""
    if expr.name != "printf" or len(expr.args) != 2 or not expr.args[0].const_of(str):
        return None
    match = HEAD.fullmatch(expr.args[0].const)
    piece = expr.args[1]
    if match is None or piece.name != "slice" or len(piece.args) != 2 or not piece.args[1].unboxed:
        return None
    return piece.args[0], piece.args[1], int(match[1])


HEAD = re.compile(r"%\.(\d{1,4})s")
