"""Prints a tree as source: `parse(print_node(tree))` gives the same tree.

Operands and commands come out as Go's Node.String has them (error messages quote that text). Go's own
text of a whole template does not always parse back: text that ends in `{` before an action, or two
texts that a comment kept apart. These get what is needed. Text in which an action would begin, which
only a tree that was built can hold, is written as a string action of the same meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nodes as n
from .literals import quote


def print_node(node: n.Node) -> str:
    """The source text of a node."""
    writer = _Writer()
    writer.write(node)
    return "".join(writer.out)


class _Writer:
    """Appends source text to `out`; `after_text` says that what stands before is plain text."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.after_text = False

    def write(self, node: n.Node) -> None:
        _WRITERS[type(node)](self, node)

    def open(self, word: str = "") -> None:
        """The left delimiter. Text before it that ends in `{` is kept apart by a trimmed blank."""
        apart = self.after_text and self.out[-1].endswith("{")
        self.out.append(" {{- " + word if apart else "{{" + word)
        self.after_text = False

    def tag(self, word: str) -> None:
        self.open(word)
        self.out.append("}}")

    def text(self, node: n.TextNode) -> None:
        if self.after_text and node.text:
            self.tag("/**/")
        for i, part in enumerate(node.text.split("{{")):
            if i:
                self.tag('"{{"')
            if part:
                self.out.append(part)
                self.after_text = True

    def comment(self, node: n.CommentNode) -> None:
        self.tag(node.text)

    def action(self, node: n.ActionNode) -> None:
        self.open()
        self.pipe(node.pipe)
        self.out.append("}}")

    def list(self, node: n.ListNode) -> None:
        for child in node.nodes:
            self.write(child)

    def pipe(self, node: n.PipeNode) -> None:
        if node.decl:
            self.out.append(", ".join(".".join(v.ident) for v in node.decl))
            self.out.append(" = " if node.is_assign else " := ")
        for i, command in enumerate(node.cmds):
            if i:
                self.out.append(" | ")
            self.command(command)

    def command(self, node: n.CommandNode) -> None:
        for i, arg in enumerate(node.args):
            if i:
                self.out.append(" ")
            self.operand(arg)

    def operand(self, node: n.Node) -> None:
        if isinstance(node, n.PipeNode):
            self.out.append("(")
            self.pipe(node)
            self.out.append(")")
        else:
            self.write(node)

    def chain(self, node: n.ChainNode) -> None:
        self.operand(node.node)
        self.out.extend("." + name for name in node.field)

    def branch(self, node: n.BranchNode) -> None:
        self.open(_BRANCH_WORDS[type(node)] + " ")
        self.pipe(node.pipe)
        self.out.append("}}")
        self.list(node.list)
        if node.else_list is not None:
            self.tag("else")
            self.list(node.else_list)
        self.tag("end")

    def template(self, node: n.TemplateNode) -> None:
        self.open("template " + quote(node.name))
        if node.pipe is not None:
            self.out.append(" ")
            self.pipe(node.pipe)
        self.out.append("}}")

    def define(self, name: str, root: n.ListNode) -> None:
        self.tag("define " + quote(name))
        self.list(root)
        self.tag("end")


def _word(text: Callable[[Any], str]) -> Callable[[_Writer, Any], None]:
    return lambda writer, node: writer.out.append(text(node))


_BRANCH_WORDS: dict[type, str] = {n.IfNode: "if", n.RangeNode: "range", n.WithNode: "with"}
_WRITERS: dict[type, Callable[[_Writer, Any], None]] = {
    n.TextNode: _Writer.text,
    n.CommentNode: _Writer.comment,
    n.DotNode: _word(lambda _: "."),
    n.NilNode: _word(lambda _: "nil"),
    n.BoolNode: _word(lambda node: "true" if node.value else "false"),
    n.NumberNode: _word(lambda node: node.text),
    n.StringNode: _word(lambda node: node.quoted),
    n.IdentifierNode: _word(lambda node: node.ident),
    n.FieldNode: _word(lambda node: "".join("." + i for i in node.ident)),
    n.VariableNode: _word(lambda node: ".".join(node.ident)),
    n.ChainNode: _Writer.chain,
    n.CommandNode: _Writer.command,
    n.PipeNode: _Writer.pipe,
    n.ActionNode: _Writer.action,
    n.ListNode: _Writer.list,
    n.IfNode: _Writer.branch,
    n.RangeNode: _Writer.branch,
    n.WithNode: _Writer.branch,
    n.BreakNode: lambda writer, _: writer.tag("break"),
    n.ContinueNode: lambda writer, _: writer.tag("continue"),
    n.TemplateNode: _Writer.template,
}


def print_template(root: n.ListNode, defined: dict[str, n.ListNode]) -> str:
    """The source of a template with the templates that it defines, these first."""
    writer = _Writer()
    for name, body in defined.items():
        writer.define(name, body)
    writer.list(root)
    return "".join(writer.out)
