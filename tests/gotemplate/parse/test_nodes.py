"""Nodes are values that print themselves."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate.parse import nodes as n
from modelfile_kit.gotemplate.parse.literals import LiteralError


def test_equal_wherever_they_stand():
    assert n.FieldNode(("A",), pos=3) == n.FieldNode(("A",), pos=9) == n.FieldNode(("A",))
    assert n.FieldNode(("A",)) != n.FieldNode(("B",))
    assert n.StringNode.of('"a"') == n.StringNode.of("`a`") == n.StringNode("a")
    assert len({n.DotNode(pos=1), n.DotNode(pos=2)}) == 1


def test_strings_keep_how_they_were_written():
    assert str(n.StringNode.of("`a`")) == "`a`"
    assert str(n.StringNode('a"\n')) == '"a\\"\\n"'


def test_numbers():
    assert n.NumberNode("0x10").number.int64 == 16
    assert n.NumberNode("1+2i", True).number.complex128 == 1 + 2j
    with pytest.raises(LiteralError):
        n.NumberNode("1x").number  # noqa: B018


@pytest.mark.parametrize(
    ("node", "empty"),
    [
        (None, True),
        (n.ListNode(), True),
        (n.ListNode((n.TextNode(" \n\u3000"), n.CommentNode("/* a */"))), True),
        (n.ListNode((n.TextNode("a"),)), False),
        (n.TextNode("\u200b"), False),
        (n.ListNode((n.TemplateNode("x"),)), False),
        (n.ListNode((n.ListNode(),)), True),
    ],
)
def test_empty(node, empty):
    assert n.is_empty(node) is empty


def test_an_absent_else_is_not_an_empty_one():
    pipe = n.PipeNode((n.CommandNode((n.DotNode(),)),))
    assert n.IfNode(pipe, n.ListNode()) != n.IfNode(pipe, n.ListNode(), n.ListNode())
    assert n.IfNode(pipe, n.ListNode()) != n.WithNode(pipe, n.ListNode())
