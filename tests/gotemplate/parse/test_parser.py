"""Trees and their places; refusals are held to Go's in test_recorded.py."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.parse import nodes as n
from modelfile_kit.gotemplate.parse.parser import MAX_STACK_DEPTH, parse_trees


def _field(*names: str) -> n.PipeNode:
    return n.PipeNode((n.CommandNode((n.FieldNode(names),)),))


def test_a_tree():
    template = parse("a{{if .A}}b{{else if .B.C}}{{$x := .D | len}}{{end}}")
    inner = n.IfNode(
        _field("B", "C"),
        n.ListNode(
            (
                n.ActionNode(
                    n.PipeNode(
                        (
                            n.CommandNode((n.FieldNode(("D",)),)),
                            n.CommandNode((n.IdentifierNode("len"),)),
                        ),
                        (n.VariableNode(("$x",)),),
                    )
                ),
            )
        ),
    )
    assert template.root == n.ListNode(
        (n.TextNode("a"), n.IfNode(_field("A"), n.ListNode((n.TextNode("b"),)), n.ListNode((inner,))))
    )


def test_places():
    source = "é{{range $i, $e := .A.B}}{{$e.C}}{{end}}"
    node = parse(source).root.nodes[1]
    assert isinstance(node, n.RangeNode)
    assert source[node.pipe.pos :].startswith("$i")
    assert source[node.pipe.decl[1].pos :].startswith("$e")
    assert source[node.pipe.cmds[0].pos :].startswith(".A")
    action = node.list.nodes[0]
    assert isinstance(action, n.ActionNode)
    operand = action.pipe.cmds[0].args[0]
    assert isinstance(operand, n.VariableNode)
    assert source[operand.pos :].startswith(".C")  # as in Go, a chain is where its fields begin


def test_defined_templates():
    template = parse('{{define "a"}}1{{end}}{{block "b" .X}}2{{end}}', name="main")
    assert set(template.defined) == {"a", "b"}
    assert template.root == n.ListNode((n.TemplateNode("b", _field("X")),))
    assert parse('{{define "a"}} {{end}}{{define "a"}}1{{end}}').defined["a"] == n.ListNode(
        (n.TextNode("1"),)
    )


def test_names_in_errors():
    with pytest.raises(GoTemplateError, match=r"^template: my\.tmpl:2: undefined variable \"\$x\"$"):
        parse("\n{{$x}}", name="my.tmpl")


def test_functions_make_names_known():
    assert parse("{{json .}}", functions={"json": str}).root == n.ListNode(
        (n.ActionNode(n.PipeNode((n.CommandNode((n.IdentifierNode("json"), n.DotNode())),))),)
    )
    with pytest.raises(GoTemplateError, match='function "json" not defined'):
        parse("{{json .}}")
    with pytest.raises(GoTemplateError, match=r"outside \{\{range\}\}"):
        parse("{{break}}")
    assert "break" in str(parse("{{break}}", functions={"break": lambda: 1}))


def test_comments():
    assert parse("a{{/* b */}}").root == n.ListNode((n.TextNode("a"),))
    assert parse("a{{/* b */}}", comments=True).root.nodes[1] == n.CommentNode("/* b */")
    assert parse("a{{/* b */}}", comments=True).execute(None) == "a"


def test_depth_of_parentheses():
    deepest = "{{" + "(" * MAX_STACK_DEPTH + "1" + ")" * MAX_STACK_DEPTH + "}}"
    assert parse(deepest).execute(None) == "1"
    with pytest.raises(GoTemplateError, match="max expression depth exceeded"):
        parse(deepest.replace("1", "(1)"))


def test_trees_of_a_source():
    trees = parse_trees('a{{define "b"}}c{{end}}', "main", frozenset())
    assert trees == {"b": n.ListNode((n.TextNode("c"),)), "main": n.ListNode((n.TextNode("a"),))}
