"""Branches that append to one text, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.conditional_values import choose_in_expressions
from tests.compiler.passes.branches import A, B, otherwise

X, Y = go.Var(1, "x"), go.Var(2, "y")
NAME, JSON = go.Root("Name"), go.call("json", go.Root("Value"))
S = go.call


def append(value: go.Expr | str, var: go.Var = X) -> go.Nodes:
    if isinstance(value, str):
        return (go.Set(var, S("printf", go.Lit("%s" + value), var)),)
    return (go.Set(var, S("printf", go.Lit("%s%s"), var, value)),)


@pytest.mark.parametrize(
    ("nodes", "value"),
    [
        (otherwise(append("a"), append("b")), S("or", S("and", A.expr, go.Lit("a")), go.Lit("b"))),
        (otherwise(append("50%%"), append(JSON)), S("or", S("and", A.expr, go.Lit("50%")), JSON)),
        # the text that may be empty stands last
        (otherwise(append(NAME), append("b")), S("or", S("and", S("not", A.expr), go.Lit("b")), NAME)),
        (
            otherwise(append("a"), append("b"), append(NAME)),
            S("or", S("and", A.expr, go.Lit("a")), S("and", B.expr, go.Lit("b")), NAME),
        ),
    ],
)
def test_row(nodes: go.Nodes, value: go.Expr) -> None:
    assert choose_in_expressions(nodes) == append(value)


@pytest.mark.parametrize(
    "nodes",
    [
        # both may be empty
        otherwise(append(NAME), append(go.Root("Other"))),
        # two variables
        otherwise(append("a"), append("b", Y)),
        # no other branch, or more in one
        otherwise(append("a"), ()),
        otherwise((*append("a"), go.Text("t")), append("b")),
        # not a text that is appended to, or one that takes its own value
        otherwise((go.Set(X, go.Lit("a")),), (go.Set(X, go.Lit("b")),)),
        otherwise(append(X), append("b")),
        (go.If(go.Atom(X), append("a"), append("b")),),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert choose_in_expressions(nodes) == nodes
