"""Nodes are values that print themselves: as source that parses to the same trees."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.parse import nodes as n
from modelfile_kit.gotemplate.values.strconv import LiteralError
from tests.gotemplate.cases import cases
from tests.gotemplate.fuzz import FUNCTIONS
from tests.gotemplate.generate import Generator


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
    other: n.Node = n.WithNode(pipe, n.ListNode())
    assert other != n.IfNode(pipe, n.ListNode())


_PIPE = n.PipeNode((n.CommandNode((n.DotNode(),)),))


def _round_trip(source: str) -> bool:
    """Whether the source parses; printed and parsed again it has to be the same."""
    try:
        template = parse(source, functions=FUNCTIONS)
    except GoTemplateError:
        return False
    assert parse(str(template), functions=FUNCTIONS) == template, source
    assert parse(str(template.root), functions={**FUNCTIONS}).root == template.root, source
    return True


def test_generated_templates():
    generator = Generator(20240)
    assert sum(_round_trip(generator.pair()[0]) for _ in range(1500)) > 800


def test_recorded_templates():
    assert sum(_round_trip(template) for _, _, template in cases()) > 300


@pytest.mark.parametrize(
    "source",
    [
        "a{{/* c */}}b",  # two texts
        "{ {{- .A}}",
        "{ {{- /* c */ -}} {",
        "{{if .A}}{ {{- else}}b{ {{- end}}",
        "x{ {{- /**/}}{{define `d`}}y{ {{- end}}",
        '{{block "b" .}}{ {{- end}}',
        "{{- 3}}{{-3}}",
        "}}{{.A}}}",
    ],
)
def test_where_gos_own_printing_does_not_parse_back(source):
    assert _round_trip(source)


@pytest.mark.parametrize(
    ("node", "printed"),
    [
        (n.ChainNode(_PIPE, ("A", "B")), "(.).A.B"),
        (
            n.CommandNode((n.IdentifierNode("print"), _PIPE, n.NilNode(), n.BoolNode(True))),
            "print (.) nil true",
        ),
        (n.PipeNode(_PIPE.cmds, (n.VariableNode(("$x",)),), True), "$x = ."),
        (
            n.RangeNode(
                n.PipeNode(_PIPE.cmds, (n.VariableNode(("$i",)), n.VariableNode(("$e",)))), n.ListNode()
            ),
            "{{range $i, $e := .}}{{end}}",
        ),
        (n.TemplateNode('a"b', _PIPE), '{{template "a\\"b" .}}'),
        (n.CommentNode("/* a */"), "{{/* a */}}"),
        (n.ListNode((n.BreakNode(), n.ContinueNode())), "{{break}}{{continue}}"),
    ],
)
def test_nodes_that_were_built(node, printed):
    assert str(node) == printed


def test_text_in_which_an_action_would_begin():
    built = n.ListNode((n.TextNode("a{{b}}{{{c"),))
    assert parse(str(built)).execute(None) == "a{{b}}{{{c"
