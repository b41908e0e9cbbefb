"""`+ - * % //` for values of any kind."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...huggingface import estimates
from ..values.known import EMPTY, Const, KnownList
from ..values.lists import EncodedList, SplitText
from ..values.number import is_int
from ..values.request import ELEMENTS, Data, RuntimeValue
from ..values.text import Markup, go_text, is_text
from ..values.value import Value
from ..values.weight import WEIGHT_MAX, weight
from .control_flow import Raised, TooBig, Unsupported
from .integers import operate
from .json_types import is_kind
from .lists import join_lists
from .markup import joined
from .percent import formatted
from .state import State

_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "%": operator.mod,
    "//": operator.floordiv,
    "/": operator.truediv,
}


# A repeated text is built at compile time; templates repeat some spaces.
MAX_REPEAT = 10_000
# An unknown one is printed so often.
MAX_PIECES = 100


def binary(st: State, name: str, a: Value, b: Value) -> Value:
    """`a name b` for values that are no choices."""
    if isinstance(a, Const) and isinstance(b, Const):
        return _known(name, a.value, b.value)
    if name == "+" and is_text(a) and is_text(b):
        return st.concat(a, b)
    if name == "+" and (isinstance(a, Markup) or isinstance(b, Markup)):
        return joined(st, a, b)
    if name == "+" and _is_list(a) and _is_list(b):
        return join_lists(st, a, b)
    if is_int(a) and is_int(b):
        return operate(st, name, a, b)
    for x, y, swapped in ((a, b, False), (b, a, True)):
        if name == "+" and isinstance(x, RuntimeValue) and x.data is Data.JSON and is_text(y):
            return _text_or_raise(st, x, y, swapped)
    if name == "*" and isinstance(b, Const) and type(b.value) is int and (is_text(a) or _is_list(a)):
        return _repeated(st, a, b.value)
    if name == "%" and isinstance(a, Const) and isinstance(a.value, str):
        return formatted(st, a.value, b.items if isinstance(b, KnownList) else (b,))
    if name == "%" and is_text(a):
        raise Unsupported("% formatting of an unknown text", st.line)
    raise Raised(f"unsupported operand types for {name}")


def _text_or_raise(st: State, x: RuntimeValue, y: Value, swapped: bool) -> Value:
    """A JSON value that has to be a text to be put together with one."""

    def together() -> Value:
        s = go_text(x.expr)
        return st.concat(y, s) if swapped else st.concat(s, y)

    def fails() -> Value:
        raise Raised("can only concatenate str")

    return st.branch(is_kind(x.expr, "string"), together, fails)


def _repeated(st: State, v: Value, count: int) -> Value:
    """An unknown text or a list some times over."""
    if isinstance(v, KnownList) and count * len(v.items) <= MAX_REPEAT:
        return KnownList(v.items * count)
    if not is_text(v) or count > MAX_PIECES:
        raise Unsupported("repeating a text or list this often", st.line)
    if weight(v) * count > WEIGHT_MAX:
        raise TooBig(f"a value of more than {WEIGHT_MAX:,} parts")
    result: Value = EMPTY
    for _ in range(count):
        result = st.concat(result, v)
    return result


def _known(name: str, a: Any, b: Any) -> Value:
    if name == "*" and any(isinstance(x, int) and abs(x) > MAX_REPEAT for x in (a, b)):
        raise Unsupported("a product this large")
    try:
        if name == "%":
            return Const(estimates.binary(name, operator.mod, a, b))  # a width may be anything
        return Const(_KNOWN[name](a, b))
    except (TypeError, ArithmeticError, ValueError) as e:
        raise Raised(str(e)) from None


def _is_list(v: Value) -> bool:
    return isinstance(v, (KnownList, SplitText, EncodedList)) or (
        isinstance(v, RuntimeValue) and v.data in ELEMENTS
    )
