"""Python's `%` for texts."""

from __future__ import annotations

import re

from ..ir import nodes as go
from ..values.known import EMPTY, Const
from ..values.number import is_int
from ..values.text import go_text
from ..values.value import Value
from .control_flow import Raised, Unsupported
from .semantics import to_text
from .state import State

# What Python and Go print alike: texts padded and cut by characters, whole numbers in three bases.
# A zero is a flag, and never begins a width: with two ways to read it, many take their square.
_DIRECTIVE = re.compile(r"%([-0+ ]*)((?!0)\d*)(?:\.(\d+))?([sdiouxX%])")
_WIDTH_MAX = 1_000


def formatted(st: State, form: str, args: tuple[Value, ...]) -> Value:
    """`form % args` with the conversions of texts and whole numbers, their flags and widths."""
    result: Value = EMPTY
    left = list(args)
    at = 0
    for found in _DIRECTIVE.finditer(form):
        result = st.concat(result, _plain(st, form[at : found.start()]))
        at = found.end()
        flags, width, precision, kind = found.groups()
        if kind == "%":
            if found.group() != "%%":
                raise Unsupported(f"% formatting with {found.group()}", st.line)
            result = st.concat(result, Const("%"))
            continue
        if not left:
            raise Raised("not enough arguments for format string")
        result = st.concat(result, _converted(st, left.pop(0), flags, width, precision, kind))
    result = st.concat(result, _plain(st, form[at:]))
    if left:
        raise Raised("not all arguments converted during string formatting")
    return result


def _plain(st: State, text: str) -> Const:
    if "%" in text:
        raise Unsupported("% formatting of anything but texts and whole numbers", st.line)
    return Const(text)


def _converted(st: State, arg: Value, flags: str, width: str, precision: str | None, kind: str) -> Value:
    """One argument, as its conversion prints it."""
    if int(width or 0) > _WIDTH_MAX:
        raise Unsupported(f"% formatting to more than {_WIDTH_MAX} characters", st.line)
    cut = "" if precision is None else f".{precision}"
    if kind == "s":
        text = to_text(st, arg)
        if not width and precision is None:
            return text
        # zeros and signs are for numbers alone
        return _printed(st, f"%{'-' if '-' in flags else ''}{width}{cut}s", text, bool(int(width or 0)))
    if not is_int(arg):
        raise Unsupported(f"%{kind} for a value that may not be an integer", st.line)
    if cut:
        raise Unsupported("% formatting of a whole number with a precision", st.line)
    verb = kind if kind in "oxX" else "d"
    return _printed(st, f"%{''.join(sorted(set(flags)))}{width}{verb}", arg, True)


def _printed(st: State, form: str, arg: Value, nonempty: bool) -> Value:
    if isinstance(arg, Const):
        return Const(form % arg.value)
    return go_text(go.call("printf", go.Lit(form), st.to_go(arg)), nonempty)
