"""Python's `%` for texts."""

from __future__ import annotations

import re

from ..values.known import EMPTY, Const
from ..values.number import is_int
from ..values.value import Value
from .control_flow import Raised, Unsupported
from .semantics import to_text
from .state import State


def formatted(st: State, form: str, args: tuple[Value, ...]) -> Value:
    """`form % args` with `%s` (and `%d` for whole numbers) alone."""
    pieces = re.split(r"%([sd%])", form)
    if any("%" in p for p in pieces[::2]):
        raise Unsupported("% formatting with more than %s and %d", st.line)
    result: Value = EMPTY
    left = list(args)
    for n, piece in enumerate(pieces):
        if n % 2 == 0 or piece == "%":
            result = st.concat(result, Const(piece))
            continue
        if not left:
            raise Raised("not enough arguments for format string")
        arg = left.pop(0)
        if piece == "d" and not is_int(arg):
            raise Unsupported("%d for a value that may not be an integer", st.line)
        result = st.concat(result, to_text(st, arg))
    if left:
        raise Raised("not all arguments converted during string formatting")
    return result
