"""Python's `%` for texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..values import types
from ..values.types import Const, Value
from .control_flow import Raised, Unsupported
from .text import to_text

if TYPE_CHECKING:
    from .evaluate import Evaluator


def formatted(ev: Evaluator, form: str, args: tuple[Value, ...]) -> Value:
    """`form % args` with `%s` (and `%d` for whole numbers) alone."""
    pieces = re.split(r"%([sd%])", form)
    if any("%" in p for p in pieces[::2]):
        raise Unsupported("formatting with more than %s and %d", ev.line)
    result: Value = types.EMPTY
    left = list(args)
    for n, piece in enumerate(pieces):
        if n % 2 == 0 or piece == "%":
            result = ev.concat(result, Const(piece))
            continue
        if not left:
            raise Raised("not enough arguments for format string")
        arg = left.pop(0)
        if piece == "d" and not types.is_int(arg):
            raise Unsupported("%d of what may be no whole number", ev.line)
        result = ev.concat(result, to_text(ev, arg))
    if left:
        raise Raised("not all arguments converted during string formatting")
    return result
