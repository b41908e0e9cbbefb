"""Compiled expressions, and what is known of them before they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..budget import size_of
from .frame import RUNTIME, Bail, Frame

Run = Callable[[Frame], Any]

_UNKNOWN = object()


@dataclass(frozen=True)
class Expr:
    """An expression.

    run: gives its value. const: the value when it is known. unboxed: it is surely not an interface
    in Go's eyes (`slice` refuses such indexes). kind: "int", "bool" or "str" when that is known.
    name, args: the call that it is, so that calls inside calls can be made one. slot: a variable's.
    """

    run: Run
    const: Any = _UNKNOWN
    unboxed: bool = False
    kind: str = ""
    name: str = ""
    args: tuple[Expr, ...] = ()
    slot: int = -1

    def const_of(self, kind: type) -> bool:
        """Whether it is a constant of a Python type."""
        return type(self.const) is kind

    def as_pipeline(self) -> Expr:
        """The same as the value of a pipeline, which is never boxed."""
        if self.unboxed:
            return self
        return Expr(self.run, self.const, True, self.kind, self.name, self.args, self.slot)

    @property
    def allocates(self) -> bool:
        """Whether its value may be a string that only it holds."""
        return bool(self.name) and self.kind not in ("int", "bool")


Args = tuple[Expr, ...]


def constant(value: Any) -> Expr:
    """A literal."""
    kind = {int: "int", bool: "bool", str: "str"}.get(type(value), "")
    return Expr(lambda f: value, value, unboxed=True, kind=kind)


def _bail(_frame: Frame) -> Any:
    raise Bail


# What cannot succeed, or is left to the exact evaluator.
bail = Expr(_bail)


def evaluate_all(args: Sequence[Expr]) -> Callable[[Frame], list[Any]]:
    """The values of all arguments; long strings that wait for the others are counted meanwhile."""
    runs = [a.run for a in args]
    if sum(a.allocates for a in args) < 2:
        return lambda f: [run(f) for run in runs]

    def counting(f: Frame) -> list[Any]:
        values = []
        held = 0
        for run in runs:
            value = run(f)
            size = size_of(value)
            if size:
                f[RUNTIME].hold(size)
                held += size
            values.append(value)
        if held:
            f[RUNTIME].hold(-held)
        return values

    return counting
