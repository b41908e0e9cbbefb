"""Operations that Go lacks, as Go expressions: their values are Python's."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir import operations as ops
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.legalize import legalize
from modelfile_kit.gotemplate import parse
from modelfile_kit.huggingface import render_reference
from tests.compiler.cases import check, compiled, user

NUMBERS = (*range(70), 99, 100, 255, 256, 1023, 4095, 65535, 99_999)


def rendered(*nodes: go.Node, **data: Any) -> str:
    return parse(emit(legalize(nodes))).execute(data)


@pytest.mark.parametrize("divisor", ops.DIVISORS)
def test_remainders(divisor: int) -> None:
    n = ops.Remainder(go.Root("N"), divisor)
    for number in NUMBERS:
        rest = number % divisor
        assert rendered(go.Print(n), N=number) == str(rest)
        assert rendered(go.If(go.Atom(n), (go.Text("t"),)), N=number) == ("t" if rest else "")
        for other in (0, 1, divisor - 1, divisor, 10):
            test = go.equal(n, go.Lit(other))
            assert rendered(go.If(test, (go.Text("t"),), (go.Text("f"),)), N=number) == "ft"[rest == other]
            less = go.Atom(go.call("lt", n, go.Lit(other)))
            assert rendered(go.If(less, (go.Text("t"),), (go.Text("f"),)), N=number) == "ft"[rest < other]
        # both sides unknown, and inside other operations
        assert rendered(go.Print(go.call("eq", n, n)), N=number) == "true"
        assert rendered(go.Print(go.call("index", go.Lit("aaaaaaaaaaaaaaaa"), n)), N=number) == "97"


@pytest.mark.parametrize("text", ["", "a", "Köln", "你好🎉", " a\n"])
def test_characters(text: str) -> None:
    assert rendered(go.Print(ops.CharacterCount(go.Root("S"))), S=text) == str(len(text))


def test_statements_without_operations_are_the_same_object() -> None:
    nodes = (go.If(go.Atom(go.Root("A")), (go.Text("a"),)),)
    assert legalize(nodes) is nodes


TURNS = [user("a"), {"role": "assistant", "content": "bc"}] * 9
EXPRESSIONS = [
    *(f"loop.index % {n}" for n in ops.DIVISORS),
    *(f"'T' if loop.index0 % {n} else 'F'" for n in ops.DIVISORS),
    *(f"'T' if loop.index0 % {n} == 1 else 'F'" for n in ops.DIVISORS),
    *(f"'T' if loop.index0 % {n} in (0, 3) else 'F'" for n in ops.DIVISORS),
    *(f"'T' if loop.index % {n} < 2 else 'F'" for n in ops.DIVISORS),
    "loop.index % 2 ~ '-' ~ loop.index0 % 4",
    "loop.index % 2 + loop.index % 10",
    "(loop.index % 4) * 3",
    "messages[loop.index0 % 2].content",
    "m.content[loop.index % 2]",
    "[loop.index % 2, 'a'] | tojson",
    "'T' if loop.index % 2 == loop.index0 % 4 else 'F'",
    # Python's remainder is never negative
    "(loop.index0 - 1) % 2",
    "(loop.index0 - 3) % 10",
    "'T' if (loop.index0 - 1) % 4 == 3 else 'F'",
    "(m.content | length - loop.index) % 8",
    "'ab' * 2 ~ loop.revindex % 2",
    "'odd' if loop.index is odd else 'even'",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_remainders_in_templates(expression: str) -> None:
    check("{% for m in messages %}[{{ " + expression + " }}]{% endfor %}", TURNS)


@pytest.mark.oracle
def test_remainders_for_go_itself(oracle: Any) -> None:
    for expression in EXPRESSIONS:
        source = "{% for m in messages %}[{{ " + expression + " }}]{% endfor %}"
        answer = oracle.chat(compiled(source).template, TURNS)
        assert answer.get("ok"), answer
        assert answer["output"] == render_reference(source, TURNS)
