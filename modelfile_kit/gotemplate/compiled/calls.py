"""Calls of functions in compiled templates.

A template has no other way to look into a string than cutting pieces and comparing them, byte by
byte: `eq (printf "%.8s" (slice $s $i)) "</think>"`. So calls inside calls that are idioms take one
closure and no copies (`call_compare.py`, `call_slice.py`, `call_text.py`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..exec import functions as comparing
from ..exec import functions as go
from ..values import gotypes as t
from .call_compare import compile_eq, compile_ne, ordering
from .call_slice import compile_index, compile_len, compile_slice
from .call_text import compile_print, compile_printf, compile_println, escaping
from .expressions import Args, Expr, Run, bail, evaluate_all
from .frame import RUNTIME, Bail, Frame


def compile_call(name: str, args: list[Expr], is_builtin: bool) -> Expr:
    """A call. is_builtin: the name is Go's own function and not overridden."""
    given = tuple(args)
    if not is_builtin:
        return Expr(_user_function(name, given), name=name, args=given)
    compiler = _BUILTINS.get(name)
    if compiler is None:
        return bail
    run = compiler(given)
    return Expr(run, kind=_KINDS.get(name, ""), name=name, args=given) if run is not None else bail


_KINDS = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "not"), "bool"),
    **dict.fromkeys(("print", "printf", "println", "html", "js", "urlquery"), "str"),
    "len": "int",
}


def _user_function(name: str, args: Args) -> Run:
    values_of = evaluate_all(args)

    def call(f: Frame) -> Any:
        runtime = f[RUNTIME]
        function = runtime.functions.get(name)
        if function is None:
            raise Bail
        values = values_of(f)
        params = function.params
        if len(values) != len(params):
            if not function.variadic or len(values) < len(params) - 1:
                raise Bail
            params = (*params, *params[-1:] * (len(values) - len(params)))
        for value, type_ in zip(values, params, strict=False):
            if type_ is not t.ANY and type(value) is not _PYTHON.get(type_):
                raise Bail
        result = function.call(*values)
        return runtime.made(result) if type(result) is str else result

    return call


_PYTHON: dict[t.GoType, type] = {t.STRING: str, t.INT: int, t.BOOL: bool, t.FLOAT64: float}


# Truth.


def _and(args: Args) -> Run | None:
    runs = [a.run for a in args]
    if len(runs) == 1:
        return runs[0]
    if len(runs) == 2:
        first, second = runs
        return lambda f: first(f) and second(f)

    def every(f: Frame) -> Any:
        value = None
        for run in runs:
            value = run(f)
            if not value:
                break
        return value

    return every if runs else None


def _or(args: Args) -> Run | None:
    runs = [a.run for a in args]
    if len(runs) == 1:
        return runs[0]
    if len(runs) == 2:
        first, second = runs
        return lambda f: first(f) or second(f)

    def some(f: Frame) -> Any:
        value = None
        for run in runs:
            value = run(f)
            if value:
                break
        return value

    return some if runs else None


def _not(args: Args) -> Run | None:
    if len(args) != 1:
        return None
    run = args[0].run
    return lambda f: not run(f)


_BUILTINS: dict[str, Callable[[Args], Run | None]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "eq": compile_eq,
    "ne": compile_ne,
    "lt": ordering(operator.lt, comparing.go_lt),
    "le": ordering(operator.le, comparing.go_le),
    "gt": ordering(operator.gt, comparing.go_gt),
    "ge": ordering(operator.ge, comparing.go_ge),
    "len": compile_len,
    "index": compile_index,
    "slice": compile_slice,
    "print": compile_print,
    "println": compile_println,
    "printf": compile_printf,
    "html": escaping(go.html_escape),
    "js": escaping(go.js_escape),
    "urlquery": escaping(go.url_escape),
}
