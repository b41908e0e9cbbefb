"""Compiled print, printf, println and the escaping functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from ..budget import LONG
from ..exec import functions as go
from ..fmt import Printer
from ..values.representation import canonical, is_raw_byte
from .call_slice import HEAD, head_of
from .expressions import Args, Expr, Run, bail, evaluate_all
from .frame import RUNTIME, Bail, Frame, head_at, text


def compile_print(args: Args) -> Run:
    values_of = evaluate_all(args)

    def make(f: Frame) -> Any:
        values = values_of(f)
        if all(type(v) is str for v in values):
            return join(f, values)
        return f[RUNTIME].made(Printer(f[RUNTIME]).sprint(values))

    return make


def compile_println(args: Args) -> Run:
    values_of = evaluate_all(args)
    return lambda f: f[RUNTIME].made(Printer(f[RUNTIME]).sprintln(values_of(f)))


def join(f: Frame, parts: list[str]) -> str:
    """Strings one after the other; bytes at a seam may make a character together."""
    made = "".join(parts)
    if not made.isascii() and _open_seam(parts):
        made = canonical(made)
    return made if len(made) <= LONG else f[RUNTIME].made(made)


def _open_seam(parts: list[str]) -> bool:
    full = [p for p in parts if p]
    return any(is_raw_byte(a[-1]) and is_raw_byte(b[0]) for a, b in pairwise(full))


_SIMPLE_FORMAT = re.compile(r"(?:[^%]|%%|%[sv])*")
_PIECES = re.compile(r"%[sv]|(?:[^%]|%%)+")


def compile_printf(args: Args) -> Run | None:
    if not args:
        return None
    if args[0].const_of(str):
        head = head_of(Expr(bail.run, name="printf", args=args))
        if head is not None:
            return _head(*head)
        special = _head_of_value(args) or _simple_format(args)
        if special is not None:
            return special
    values_of = evaluate_all(args)

    def make(f: Frame) -> Any:
        form, *values = values_of(f)
        if type(form) is not str:
            raise Bail
        return f[RUNTIME].made(Printer(f[RUNTIME]).sprintf(form, values))

    return make


def _head(source: Expr, index: Expr, count: int) -> Run:
    text_of, index_of = source.run, index.run

    def get(f: Frame) -> Any:
        value, at = text_of(f), index_of(f)
        if type(value) is not str or type(at) is not int:
            raise Bail
        return head_at(f, value, at, count)

    return get


def _head_of_value(args: Args) -> Run | None:
    """`printf "%.Ns" S`."""
    match = HEAD.fullmatch(args[0].const)
    if match is None or len(args) != 2:
        return None
    run, count, form = args[1].run, int(match[1]), args[0].const

    def get(f: Frame) -> Any:
        value = run(f)
        if type(value) is str:
            return value[:count]
        return Printer(f[RUNTIME]).sprintf(form, [value])

    return get


def _simple_format(args: Args) -> Run | None:
    """Formats of plain text, %s and %v with as many operands."""
    form = args[0].const
    if not _SIMPLE_FORMAT.fullmatch(form):
        return None
    fixed: list[str] = _PIECES.findall(form)
    holes = [i for i, p in enumerate(fixed) if p in ("%s", "%v")]
    if len(holes) != len(args) - 1:
        return None
    values_of = evaluate_all(args[1:])
    pieces = [p if i in holes else p.replace("%%", "%") for i, p in enumerate(fixed)]
    if fixed == ["%s", "%s"]:
        return _concatenation(values_of)

    def make(f: Frame) -> Any:
        parts = list(pieces)
        for i, value in zip(holes, values_of(f), strict=True):
            parts[i] = value if type(value) is str else text(f, value, fixed[i][1])
        return join(f, parts)

    return make


def _concatenation(values_of: Callable[[Frame], list[Any]]) -> Run:
    def make(f: Frame) -> Any:
        parts = values_of(f)
        first, second = parts
        if type(first) is not str or type(second) is not str:
            return join(f, [text(f, p, "s") for p in parts])
        made = first + second
        if len(made) > LONG or not made.isascii():
            return join(f, parts)
        return made

    return make


def escaping(escape: Callable[[str], str]) -> Callable[[Args], Run]:
    def compile_one(args: Args) -> Run:
        values_of = evaluate_all(args)
        return lambda f: go.escaped(f[RUNTIME], escape, *values_of(f))

    return compile_one
