"""Nodes as keys of dictionaries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir import operations as ops
from modelfile_kit.compiler.values.weight import weight


@pytest.mark.parametrize(
    "make",
    [
        lambda: go.call("len", go.Root("S")),
        lambda: go.Field(go.Item(1), "Role"),
        lambda: go.both(go.Atom(go.Root("A")), go.negate(go.Atom(go.Root("B")))),
        lambda: ops.Strip(go.Root("S"), "\n"),
        lambda: ops.ToJson(go.Root("S"), ops.JsonStyle(2)),
    ],
)
def test_equal_nodes_are_one_key_whatever_is_remembered_with_them(make: Callable[[], go.Expr]) -> None:
    first, second = make(), make()
    weight(first)
    assert first == second and hash(first) == hash(second)
    assert len({first: 1, second: 2}) == 1


def test_operations_differ_by_their_kind_and_arguments() -> None:
    found = [
        ops.Strip(go.Dot()),
        ops.Strip(go.Dot(), left=False),
        ops.PythonStr(go.Dot()),
        ops.PythonRepr(go.Dot()),
    ]
    assert len(set(found)) == 4
