"""Questions about the type of a JSON value, row by row; Go answers before and after alike."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.type_questions import merge_type_questions

# What `value` stands for: the element of a loop over the arguments of a call, which may be anything.
VALUE = go.Item(2)
KIND = go.call("printf", go.Lit("%T"), VALUE)
LIST, MAP = "[]interface {}", "map[string]interface {}"


def among(e: go.Expr, *texts: str) -> go.Test:
    return go.Atom(go.Call("eq", (e, *map(go.Lit, texts))))


def word(*texts: str) -> go.Test:
    return go.both(among(KIND, "string"), among(VALUE, *texts))


ROWS = [
    (word("a"), 'eq (printf "%s" .) "a"'),
    (go.either(word("a"), word("b")), 'eq (printf "%s" .) "a" "b"'),
    (
        go.both(go.negate(among(KIND, "<nil>")), among(KIND, LIST, MAP)),
        f'eq (printf "%T" .) "{LIST}" "{MAP}"',
    ),
    (go.both(among(KIND, LIST, MAP), go.negate(among(KIND, MAP))), f'eq (printf "%T" .) "{LIST}"'),
    (
        go.both(go.negate(among(KIND, LIST)), go.negate(among(KIND, MAP))),
        f'not (eq (printf "%T" .) "{LIST}" "{MAP}")',
    ),
    (
        go.either(
            go.both(among(KIND, LIST), go.Atom(VALUE)), go.both(among(KIND, LIST), go.Atom(go.Index(2)))
        ),
        f'and (eq (printf "%T" .) "{LIST}") (or . $i)',
    ),
    # what other values print may begin with a bracket, so a text that does is compared as before
    (word("[]"), 'and (eq (printf "%T" .) "string") (eq . "[]")'),
    (word("map[a:b]"), 'and (eq (printf "%T" .) "string") (eq . "map[a:b]")'),
]


@pytest.mark.parametrize(("test", "expected"), ROWS)
def test_row(test: go.Test, expected: str) -> None:
    nodes = merge_type_questions((go.If(test, (go.Text("x"),)),))
    assert f"if {expected} }}}}x" in emit(_loop(nodes)).replace("$i2", "$i")


@pytest.mark.parametrize("test", [row[0] for row in ROWS])
def test_go_answers_the_same(test: go.Test, oracle: Any) -> None:
    nodes = (go.If(test, (go.Text("yes"),), (go.Text("no"),)), go.Text(" "))
    values = ["a", "b", "", "[]", "map[a:b]", 1, 0, 2.5, True, False, None, [], ["a"], {}, {"a": "b"}, "nil"]
    arguments = {f"k{i:02}": v for i, v in enumerate(values)}
    call = {"function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "assistant", "content": "", "tool_calls": [call]}]
    answers = [oracle.chat(emit(_loop(n)), messages) for n in (nodes, merge_type_questions(nodes))]
    assert all(a["ok"] for a in answers), answers
    before, after = (a.get("prompt", a.get("output")) for a in answers)
    assert before == after
    assert before.count("yes") + before.count("no") == len(values)


def _loop(nodes: go.Nodes) -> go.Nodes:
    """Statements about every argument of every call."""
    arguments = go.Field(go.Field(go.Item(3), "Function"), "Arguments")
    calls = go.Range(3, go.Field(go.Item(1), "ToolCalls"), (go.Range(2, arguments, nodes),))
    return (go.Range(1, go.Root("Messages"), (calls,)),)
