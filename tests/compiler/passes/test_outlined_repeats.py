"""Statements that a TEMPLATE repeats become a definition."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.outlined_repeats import outline_repeats

X, Y = go.Var(1, "x"), go.Var(2, "y")
A, B = go.Root("A"), go.Root("B")


def shown(loop: int, over: go.Expr, *, after: go.Nodes = (), first: go.Nodes = ()) -> go.Nodes:
    """A loop that prints some marks for some texts."""
    marks = tuple(go.If(go.equal(go.Item(loop), go.Lit(text)), (go.Text(text),)) for text in "abcd")
    return (go.Range(loop, over, (*first, *marks, *after)),)


def marks(of: go.Expr) -> go.Nodes:
    """Statements beside each other that look at one value."""
    return tuple(go.If(go.equal(of, go.Lit(text)), (go.Text(text),)) for text in "abcde")


def test_the_largest_run_becomes_a_definition() -> None:
    within = (go.Range(5, go.Root("L"), (go.Text("<"), *marks(go.Field(go.Item(5), "Role")), go.Text(">"))),)
    statements, found = outline_repeats((*within, go.Text("-"), *marks(B)), {})
    part = (go.Include("part", go.Field(go.Item(5), "Role")),)
    assert statements == (
        go.Range(5, go.Root("L"), (go.Text("<"), *part, go.Text(">"))),
        go.Text("-"),
        go.Include("part", B),
    )
    assert found == {"part": marks(go.Dot())}


def test_definitions_share_it_under_a_name_that_is_free() -> None:
    items = go.Field(go.Dot(), "Items")
    statements, found = outline_repeats(shown(1, A), {"part": (go.Text("x"), *shown(2, items))})
    assert statements == (go.Include("part 2", A),)
    assert found["part"] == (go.Text("x"), go.Include("part 2", items))
    assert found["part 2"] == shown(1, go.Dot())


@pytest.mark.parametrize(
    "statements",
    [
        # once
        shown(1, A),
        # two things are read
        shown(1, A, after=(go.Print(go.Root("S")),)) + shown(2, B, after=(go.Print(go.Root("S")),)),
        # a variable of the surroundings is changed
        (
            go.Declare(X, go.Lit("")),
            *shown(1, A, after=(go.Set(X, go.Lit("a")),)),
            *shown(2, B, after=(go.Set(X, go.Lit("a")),)),
            go.Print(X),
        ),
        # what it declares is read afterwards
        (
            *(go.Declare(X, A), *marks(X), go.Print(X)),
            *(go.Declare(Y, B), *marks(Y), go.Print(X)),
        ),
        # another text
        (*shown(1, A), *shown(2, B, first=(go.Text("other"),))),
    ],
)
def test_what_stays(statements: go.Nodes) -> None:
    outlined, found = outline_repeats(statements, {})
    assert not any(n == statements for n in found.values())
    assert all(_reads_its_argument_alone(block) for block in found.values())
    assert outlined == statements or found


def _reads_its_argument_alone(block: go.Nodes) -> bool:
    loops = {n.loop for n in go.all_nodes(block) if isinstance(n, go.Range)}
    leaves = (e for e in go.all_exprs(block) if isinstance(e, (go.Root, go.Item, go.Var)))
    return all(isinstance(e, go.Item) and e.loop in loops for e in leaves)


def test_a_value_is_not_worked_out_where_it_was_not_before() -> None:
    """`index` fails on what is no map, and a test may keep it from being asked."""

    def guarded(loop: int) -> go.Nodes:
        value = go.call("index", go.Item(loop), go.Lit("type"))
        first = go.Atom(go.Field(go.Item(loop), "Type"))
        test = go.both(first, go.Atom(value))
        return (go.Range(loop, go.Root(f"L{loop}"), (go.If(test, marks(value)),)),)

    statements, found = outline_repeats((*guarded(1), *guarded(2)), {})
    for n in go.all_nodes(statements):
        if isinstance(n, go.Include):
            assert isinstance(n.arg, (go.Item, go.Root)), n
    assert found
