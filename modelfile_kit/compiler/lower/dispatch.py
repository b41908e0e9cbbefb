"""Operations that mean something else for each kind of value: a table from kinds to rules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, Union

from ..values.known import Const
from ..values.request import Data, RuntimeValue
from ..values.value import Value
from .state import State

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Value)
# A class of values; Python's own type for what is known (`str` is a Const with a text); what Go data is.
Kind = Union[type, Data]  # noqa: UP007 - built at run time on 3.10 too


def kind_of(v: Value) -> Kind:
    """What a table looks a value up by."""
    if isinstance(v, Const):
        return type(v.value)
    return v.data if isinstance(v, RuntimeValue) else type(v)


class ByKind(Generic[P, R]):
    """A function of a state and a value whose rule depends on the value's kind.

    It is made of the rule for every other kind; `of` adds one for some kinds. A rule for RuntimeValue is
    for all Go data that has none of its own, one for Const for all that is known.
    """

    def __init__(self, otherwise: Callable[Concatenate[State, Value, P], R]) -> None:
        functools.update_wrapper(self, otherwise)
        self.otherwise = otherwise
        self.rules: dict[Kind, Callable[..., R]] = {}

    def of(
        self, *kinds: Kind
    ) -> Callable[[Callable[Concatenate[State, V, P], R]], Callable[Concatenate[State, V, P], R]]:
        """Registers a rule for some kinds of values."""

        def register(
            rule: Callable[Concatenate[State, V, P], R],
        ) -> Callable[Concatenate[State, V, P], R]:
            for kind in kinds:
                if kind in self.rules:
                    raise ValueError(f"two rules for {kind}")
                self.rules[kind] = rule
            return rule

        return register

    def __call__(self, st: State, v: Value, *args: P.args, **kwargs: P.kwargs) -> R:
        rule: Any = self.rules.get(kind_of(v)) or self.rules.get(type(v)) or self.otherwise
        answer: R = rule(st, v, *args, **kwargs)
        return answer
