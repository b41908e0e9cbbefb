"""Compiled comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..exec import functions as go
from ..values.reflection import Ref
from ..values.representation import is_raw_byte, to_bytes
from .call_slice import head_of
from .expressions import Args, Expr, Run, evaluate_all
from .frame import RUNTIME, Bail, Frame, byte_at, head_at

_SIMPLE = frozenset({str, int, bool, float})


def compile_eq(args: Args) -> Run | None:
    if len(args) < 2:
        return None
    if len(args) == 2:
        return _eq_idiom(*args) or _eq_two(*args)
    if all(a.const_of(str) for a in args[1:]):
        return _eq_one_of(args[0].run, frozenset(a.const for a in args[1:]), args)
    values_of = evaluate_all(args)
    return lambda f: go.go_eq(f[RUNTIME], *map(Ref, values_of(f)))


def _eq_idiom(a: Expr, b: Expr) -> Run | None:
    """What is compared with a constant."""
    if b.const_of(str):
        head = head_of(a)
        if head is not None:
            return _eq_head(*head, b.const)
        return _eq_const(a.run, b.const)
    if b.const_of(int) and a.name == "index" and len(a.args) == 2:
        return _eq_byte(a.args[0].run, a.args[1].run, a.run, b.const)
    return None


def _eq_const(run: Run, const: str) -> Run:
    def compare(f: Frame) -> Any:
        value = run(f)
        if type(value) is str:
            return value == const
        return go.go_eq(f[RUNTIME], Ref(value), Ref(const))

    return compare


def _eq_one_of(run: Run, consts: frozenset[str], args: Args) -> Run:
    rest = [Ref(a.const) for a in args[1:]]

    def compare(f: Frame) -> Any:
        value = run(f)
        if type(value) is str:
            return value in consts
        return go.go_eq(f[RUNTIME], Ref(value), *rest)

    return compare


def _eq_two(a: Expr, b: Expr) -> Run:
    first, second = a.run, b.run

    def compare(f: Frame) -> Any:
        x, y = first(f), second(f)
        kind = type(x)
        if kind is type(y) and kind in _SIMPLE:
            if kind is str:
                f[RUNTIME].compare(x, y)
            return x == y
        return go.go_eq(f[RUNTIME], Ref(x), Ref(y))

    return compare


def _eq_head(source: Expr, index: Expr, count: int, const: str) -> Run:
    """Whether the text at a byte begins with a constant."""
    text_of, index_of = source.run, index.run
    exact = len(const) == count and not any(map(is_raw_byte, const))
    data = to_bytes(const)

    def compare(f: Frame) -> Any:
        value, at = text_of(f), index_of(f)
        if type(value) is not str or type(at) is not int:
            raise Bail
        if not exact:
            return head_at(f, value, at, count) == const
        if value.isascii():
            if 0 <= at <= len(value):
                return value.startswith(const, at)
            raise Bail
        whole = f[RUNTIME].bytes_of(value)
        if 0 <= at <= len(whole):
            return whole.startswith(data, at)
        raise Bail

    return compare


def _eq_byte(text_of: Run, index_of: Run, general: Run, const: int) -> Run:
    """`eq (index S I) 60`."""

    def compare(f: Frame) -> Any:
        value, at = text_of(f), index_of(f)
        if type(value) is str and type(at) is int:
            return byte_at(f, value, at) == const
        return go.go_eq(f[RUNTIME], Ref(general(f)), Ref(const))

    return compare


def compile_ne(args: Args) -> Run | None:
    if len(args) != 2:
        return None
    equal = compile_eq(args)
    assert equal is not None
    return lambda f: not equal(f)


def ordering(
    compare: Callable[[Any, Any], Any], general: Callable[..., bool]
) -> Callable[[Args], Run | None]:
    def compile_one(args: Args) -> Run | None:
        if len(args) != 2:
            return None
        first, second = args[0].run, args[1].run

        def order(f: Frame) -> Any:
            x, y = first(f), second(f)
            kind = type(x)
            if kind is type(y):
                if kind is int:
                    return compare(x, y)
                if kind is str:
                    f[RUNTIME].compare(x, y)
                    if x.isascii() and y.isascii():
                        return compare(x, y)
                    return compare(f[RUNTIME].bytes_of(x), f[RUNTIME].bytes_of(y))
            return general(f[RUNTIME], Ref(x), Ref(y))

        return order

    return compile_one
