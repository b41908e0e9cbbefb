"""The tree of a parsed template, as Go's text/template/parse has it.

Nodes are values: two trees are equal when they mean the same source, wherever it stands. `pos` is
where a node begins, counted in characters from the start of the source; -1 for nodes that were
built rather than parsed. `str()` of a node is source text that parses back to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from ..values.strconv import quote, unquote
from .numbers import Number, parse_number

UNKNOWN_POS = -1


class SourceWriter:
    """Source text in the making.

    Operands and commands come out as Go's Node.String has them (error messages quote that text). Go's own
    text of a whole template does not always parse back: text that ends in `{` before an action, or two
    texts that a comment kept apart. These get what is needed. Text in which an action would begin, which
    only a tree that was built can hold, is written as a string action of the same meaning.

    after_text: what was written last is plain text.
    """

    def __init__(self) -> None:
        self.out: list[str] = []
        self.after_text = False

    def result(self) -> str:
        return "".join(self.out)

    def open(self, word: str = "") -> None:
        """The left delimiter. Text before it that ends in `{` is kept apart by a trimmed space."""
        apart = self.after_text and self.out[-1].endswith("{")
        self.out.append(" {{- " + word if apart else "{{" + word)
        self.after_text = False

    def close(self) -> None:
        self.out.append("}}")

    def tag(self, word: str) -> None:
        """An action that is one word."""
        self.open(word)
        self.close()

    def text(self, text: str) -> None:
        if self.after_text and text:
            self.tag("/**/")
        for i, part in enumerate(text.split("{{")):
            if i:
                self.tag('"{{"')
            if part:
                self.out.append(part)
                self.after_text = True

    def operand(self, node: Node) -> None:
        """An argument, or what fields are taken of; a pipeline stands in parentheses there."""
        if isinstance(node, PipeNode):
            self.out.append("(")
            node.write_to(self)
            self.out.append(")")
        else:
            node.write_to(self)

    def define(self, name: str, root: ListNode) -> None:
        self.tag("define " + quote(name))
        root.write_to(self)
        self.tag("end")


def print_template(root: ListNode, defined: Mapping[str, ListNode]) -> str:
    """The source of a template with the templates that it defines, these first."""
    writer = SourceWriter()
    for name, body in defined.items():
        writer.define(name, body)
    root.write_to(writer)
    return writer.result()


@dataclass(frozen=True)
class Node(ABC):
    """Any node."""

    def __str__(self) -> str:
        writer = SourceWriter()
        self.write_to(writer)
        return writer.result()

    @abstractmethod
    def write_to(self, writer: SourceWriter) -> None:
        """Appends the node's source."""


def _pos() -> int:
    """A position does not count when nodes are compared."""
    result: int = field(default=UNKNOWN_POS, compare=False, repr=False, kw_only=True)
    return result


@dataclass(frozen=True)
class TextNode(Node):
    """Plain text, trimmed as its neighbours ask for."""

    text: str
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.text(self.text)


@dataclass(frozen=True)
class CommentNode(Node):
    """A comment with its marks; only there when the parser is asked to keep comments."""

    text: str
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.tag(self.text)


@dataclass(frozen=True)
class DotNode(Node):
    """`.`"""

    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append(".")


@dataclass(frozen=True)
class NilNode(Node):
    """`nil`"""

    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append("nil")


@dataclass(frozen=True)
class BoolNode(Node):
    """`true` or `false`"""

    value: bool
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append("true" if self.value else "false")


@dataclass(frozen=True)
class NumberNode(Node):
    """A number or character literal as it is written. pair: a complex pair such as `1+2i`."""

    text: str
    pair: bool = False
    pos: int = _pos()

    @cached_property
    def number(self) -> Number:
        """Its value under each type; raises LiteralError (the parser has looked)."""
        return parse_number(self.text, pair=self.pair)

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append(self.text)


@dataclass(frozen=True)
class StringNode(Node):
    """A string literal. `text` is its value; `quoted` how it was written (quoted anew when empty)."""

    text: str
    quoted: str = field(default="", compare=False)
    pos: int = _pos()

    def __post_init__(self) -> None:
        if not self.quoted:
            object.__setattr__(self, "quoted", quote(self.text))

    @classmethod
    def of(cls, quoted: str, pos: int = UNKNOWN_POS) -> StringNode:
        """From a literal with its quotes; raises LiteralError."""
        return cls(unquote(quoted), quoted, pos=pos)

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append(self.quoted)


@dataclass(frozen=True)
class IdentifierNode(Node):
    """The name of a function."""

    ident: str
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append(self.ident)


@dataclass(frozen=True)
class FieldNode(Node):
    """`.A.B` as ("A", "B")"""

    ident: tuple[str, ...]
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.extend("." + name for name in self.ident)


@dataclass(frozen=True)
class VariableNode(Node):
    """`$x.A.B` as ("$x", "A", "B"); the root is "$"."""

    ident: tuple[str, ...]
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.out.append(".".join(self.ident))


@dataclass(frozen=True)
class ChainNode(Node):
    """Fields of something that is neither a field nor a variable: `(pipeline).A.B`."""

    node: Node
    field: tuple[str, ...]
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.operand(self.node)
        writer.out.extend("." + name for name in self.field)


@dataclass(frozen=True)
class CommandNode(Node):
    """An operand, or a function or method with its arguments."""

    args: tuple[Node, ...]
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        for i, arg in enumerate(self.args):
            if i:
                writer.out.append(" ")
            writer.operand(arg)


@dataclass(frozen=True)
class PipeNode(Node):
    """Commands joined by `|`, with the variables that get the result."""

    cmds: tuple[CommandNode, ...]
    decl: tuple[VariableNode, ...] = ()
    is_assign: bool = False
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        if self.decl:
            writer.out.append(", ".join(".".join(v.ident) for v in self.decl))
            writer.out.append(" = " if self.is_assign else " := ")
        for i, command in enumerate(self.cmds):
            if i:
                writer.out.append(" | ")
            command.write_to(writer)


@dataclass(frozen=True)
class ActionNode(Node):
    """`{{pipeline}}`"""

    pipe: PipeNode
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.open()
        self.pipe.write_to(writer)
        writer.close()


@dataclass(frozen=True)
class ListNode(Node):
    """Nodes one after the other."""

    nodes: tuple[Node, ...] = ()
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        for child in self.nodes:
            child.write_to(writer)


@dataclass(frozen=True)
class BranchNode(Node):
    """What if, range and with have in common; an absent else is not an empty one. word: its keyword."""

    word: ClassVar[str]

    pipe: PipeNode
    list: ListNode
    else_list: ListNode | None = None
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.open(self.word + " ")
        self.pipe.write_to(writer)
        writer.close()
        self.list.write_to(writer)
        if self.else_list is not None:
            writer.tag("else")
            self.else_list.write_to(writer)
        writer.tag("end")


@dataclass(frozen=True)
class IfNode(BranchNode):
    """`{{if}}`; `{{else if}}` is an IfNode alone in `else_list`."""

    word = "if"


@dataclass(frozen=True)
class RangeNode(BranchNode):
    """`{{range}}`"""

    word = "range"


@dataclass(frozen=True)
class WithNode(BranchNode):
    """`{{with}}`"""

    word = "with"


@dataclass(frozen=True)
class BreakNode(Node):
    """`{{break}}`"""

    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.tag("break")


@dataclass(frozen=True)
class ContinueNode(Node):
    """`{{continue}}`"""

    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.tag("continue")


@dataclass(frozen=True)
class TemplateNode(Node):
    """`{{template "name" pipeline}}`, also what is left of a `{{block}}`."""

    name: str
    pipe: PipeNode | None = None
    pos: int = _pos()

    def write_to(self, writer: SourceWriter) -> None:
        writer.open("template " + quote(self.name))
        if self.pipe is not None:
            writer.out.append(" ")
            self.pipe.write_to(writer)
        writer.close()


def is_empty(node: Node | None) -> bool:
    """parse.IsEmptyTree: nothing but space and comments."""
    if node is None or isinstance(node, CommentNode):
        return True
    if isinstance(node, ListNode):
        return all(is_empty(n) for n in node.nodes)
    return isinstance(node, TextNode) and not _trim_space(node.text)


def _trim_space(text: str) -> str:
    """bytes.TrimSpace: Unicode's White_Space."""
    return text.strip(
        "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
        "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
    )
