"""Calls of the rules for filters, tests and methods, with the arguments that the chat template gives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TypeVar

from ..values.value import Value
from .control_flow import Unsupported
from .state import State

R = TypeVar("R")


def by_rule(st: State, what: str, rule: Callable[..., R], *args: Value | str, **kwargs: Value) -> R:
    """What a rule makes of its arguments.

    what: the operation, for people. Raises Unsupported where the rule lacks an argument, or knows none of its
    kind: Jinja's own has more parameters, or fails too.
    """
    try:
        _signature(rule).bind(st, *args, **kwargs)
    except TypeError:
        raise Unsupported(f"{what} with these arguments", st.line) from None
    return rule(st, *args, **kwargs)


@functools.cache
def _signature(rule: Callable[..., object]) -> inspect.Signature:
    return inspect.signature(rule)
