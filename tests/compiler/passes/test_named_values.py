"""Expressions that get a name, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.named_values import name_values
from tests.compiler.passes.branches import A

TOOL = go.call("index", go.Root("Tools"), go.Lit(0))
ITEMS = go.call("index", go.call("index", TOOL, go.Lit("parameters")), go.Lit("items"))
TYPE = go.call("index", ITEMS, go.Lit("type"))
IS_MAP = go.call("eq", go.call("printf", go.Lit("%T"), ITEMS), go.Lit("map[string]interface {}"))
CHANGED = go.Var(1, "changed")


def asking(e: go.Expr, *words: str) -> go.Nodes:
    return tuple(go.If(go.equal(e, go.Lit(w)), (go.Text(w),)) for w in words)


def test_what_the_first_statement_works_out_gets_a_name() -> None:
    text = emit(name_values(asking(ITEMS, *"abcdef")))
    assert text.startswith('{{ $items := index (index (index .Tools 0) "parameters") "items" }}\n')
    assert text.count("$items") == 7
    assert text.count("index") == 3


def test_what_is_behind_a_condition_is_looked_up_behind_it() -> None:
    kind = go.call("printf", go.Lit("%s"), TYPE)
    nodes: go.Nodes = (go.Text("other"),)
    for word in "abcd":
        nodes = (go.If(go.both(go.Atom(IS_MAP), go.equal(kind, go.Lit(word))), (go.Text(word),), nodes),)
    text = emit(name_values(nodes))
    assert text.count("index") == 7, text
    assert f'$type := or (and ({_shown(IS_MAP)}) ({_shown(kind)})) ""' in text.replace("$kind", "$type")


def _shown(e: go.Expr) -> str:
    return emit((go.Print(e),))[3:-3]


@pytest.mark.parametrize(
    "nodes",
    [
        # too short, too rare
        asking(go.call("index", go.Root("A"), go.Lit(0)), *"abcdef"),
        asking(ITEMS, "a"),
        # only worked out if something holds: without that it may fail
        tuple(go.If(go.both(A, go.equal(ITEMS, go.Lit(w))), (go.Text(w),)) for w in "abcdef"),
        # not the same for the same arguments
        asking(go.call("slice", go.call("currentDate"), go.Lit(0), go.Lit(4)), *"abcdefghij"),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert name_values(nodes) == nodes


def test_a_name_holds_until_its_value_changes() -> None:
    value = go.call("index", go.Root("Tools"), CHANGED, go.Lit("a key with a name that is long"))
    nodes = (
        go.Declare(CHANGED, go.Lit("a")),
        *asking(value, *"abcdef"),
        go.Set(CHANGED, go.Lit("b")),
        *asking(value, *"abcdef"),
    )
    text = emit(name_values(nodes))
    before, after = text.split("$changed =")
    assert before.count("$changed") == 2, text
    assert after.count("$changed") == 1, text
