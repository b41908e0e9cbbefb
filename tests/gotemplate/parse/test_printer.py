"""Printing gives source that parses to the same trees."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.parse import nodes as n
from tests.gotemplate.cases import cases
from tests.gotemplate.fuzz import FUNCTIONS
from tests.gotemplate.generate import Generator

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
