"""Defined templates that print the same."""

from __future__ import annotations

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.merged_definitions import merge_definitions

MAP = go.Field(go.Dot(), "ToMap")


def loop(number: int, over: go.Expr, *names: str) -> go.Nodes:
    """A loop that includes templates for each element."""
    return (go.Range(number, over, tuple(go.Include(name, go.Item(number)) for name in names)),)


CALLS = (go.Include("a", go.Root("A")), go.Include("b", go.Root("B")))


def test_definitions_that_include_each_other_are_one() -> None:
    statements, found = merge_definitions(
        CALLS, {"a": loop(1, go.Dot(), "b"), "b": loop(2, go.Dot(), "a"), "c": (go.Text("c"),)}
    )
    assert statements == (go.Include("a", go.Root("A")), go.Include("a", go.Root("B")))
    assert found == {"a": loop(1, go.Dot(), "a"), "c": (go.Text("c"),)}


def test_a_difference_anywhere_keeps_them() -> None:
    definitions = {
        "a": loop(1, go.Dot(), "a", "c"),
        "b": loop(2, go.Dot(), "b", "d"),
        "c": (go.Text("c"),),
        "d": (go.Text("d"),),
    }
    assert merge_definitions(CALLS, definitions) == (CALLS, definitions)


def test_the_map_is_handed_over_where_that_makes_them_equal() -> None:
    statements, found = merge_definitions(CALLS, {"a": loop(1, go.Dot(), "b"), "b": loop(2, MAP, "b")})
    assert statements == (go.Include("a", go.Root("A")), go.Include("a", go.Field(go.Root("B"), "ToMap")))
    assert found == {"a": (go.Range(1, go.Dot(), (go.Include("a", go.Field(go.Item(1), "ToMap")),)),)}


def test_the_map_stays_where_nothing_is_gained() -> None:
    alone = {"b": loop(2, MAP, "b")}
    assert merge_definitions(CALLS[1:], alone) == (CALLS[1:], alone)
    # the template asks for more than the map
    more = {"a": loop(1, go.Dot()), "b": (*loop(2, MAP), go.Print(go.Field(go.Dot(), "Len")))}
    assert merge_definitions(CALLS, more) == (CALLS, more)
