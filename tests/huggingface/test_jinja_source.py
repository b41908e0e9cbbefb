"""Expressions back to text."""

from __future__ import annotations

import jinja2
import pytest
from jinja2 import nodes

from modelfile_kit.huggingface import jinja_source as source
from modelfile_kit.prover.coverage import WatchedEnvironment


def expression(text: str) -> nodes.Node:
    [output] = jinja2.Environment().parse("{{ " + text + " }}").body
    assert isinstance(output, nodes.Output)
    return output.nodes[0]


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "'text'",
        "a.b.c",
        "a[0]",
        "a[1:2]",
        "a[::-1]",
        "a == 'b'",
        "a not in ['b', 'c']",
        "not a",
        "(a and b)",
        "(a or b)",
        "(a + 1)",
        "-a",
        "a ~ 'b' ~ c",
        "(a if b else c)",
        "(a if b)",
        "a | trim",
        "a | replace('x', 'y')",
        "a | tojson(indent=2)",
        "a is defined",
        "a is divisibleby(2)",
        "f(1, x=2)",
        "f(*a, **b)",
        "{'a': 1, 'b': [2]}",
        "(1, 2)",
        # brackets are kept where the expression is another one without
        "(a ~ b) | length",
        "a ~ b | length",
        "(a == b) == c",
        "a == b == c",
        "(not a) == b",
        "not a == b",
        "(a == b) | string",
        "a == b | string",
        "(a | first).b",
        "(a | first)[0]",
        "-(a | abs)",
        "-a | abs",
        "(-a).b",
        "-a.b",
        "a ~ (b ~ c)",
        "m['a b']",
    ],
)
def test_round_trip(text: str) -> None:
    assert source.text(expression(text)) == text
    assert source.text(expression(source.text(expression(text)))) == text


def test_one_spelling_for_attributes_and_items() -> None:
    assert source.text(expression("m['role']")) == source.text(expression("m.role")) == "m.role"


def test_keys_that_are_methods_keep_theirs() -> None:
    # `m.items` is dict's method, `m['items']` a key.
    assert source.text(expression("m['items']")) != source.text(expression("m.items"))


def test_watchers_do_not_show() -> None:
    tree = WatchedEnvironment().parse("{% if a and b %}{% endif %}{% for x in y %}{% endfor %}")
    branch, loop = tree.find(nodes.If), tree.find(nodes.For)
    assert branch is not None
    assert loop is not None
    assert source.text(branch.test) == "(a and b)"
    assert source.text(loop.iter) == "y"
    assert isinstance(source.unwatched(loop.iter), nodes.Name)


def test_names_and_base() -> None:
    node = expression("a.b['c'] == d")
    assert source.names(node) == {"a", "d"}
    base = source.base(node)
    assert base is not None
    assert base.name == "a"
    assert source.base(expression("f(1) + 2")) is None
