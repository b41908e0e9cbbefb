"""Rules by the kind of a value."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.lower.dispatch import ByKind
from modelfile_kit.compiler.lower.state import State
from modelfile_kit.compiler.lower.visitor import RULES
from modelfile_kit.compiler.values.known import NONE, TRUE, Const, Undef
from modelfile_kit.compiler.values.request import Data, RuntimeValue
from modelfile_kit.compiler.values.value import Value


@ByKind
def named(st: State, v: Value) -> str:
    return "other"


@named.of(str, int)
def _known(st: State, v: Const) -> str:
    return type(v.value).__name__


@named.of(RuntimeValue)
def _data(st: State, v: RuntimeValue) -> str:
    return "data"


@named.of(Data.MESSAGE)
def _message(st: State, v: RuntimeValue) -> str:
    return "message"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Const("x"), "str"),
        (Const(1), "int"),
        (TRUE, "other"),  # a bool is no int here
        (NONE, "other"),
        (Undef(), "other"),
        (RuntimeValue(Data.MESSAGE, go.Root("x")), "message"),
        (RuntimeValue(Data.TOOL, go.Root("x")), "data"),
    ],
)
def test_the_nearest_rule_answers(value: Value, name: str) -> None:
    assert named(State(RULES), value) == name


def test_a_kind_has_one_rule() -> None:
    with pytest.raises(ValueError, match="two rules"):
        named.of(str)(_known)
