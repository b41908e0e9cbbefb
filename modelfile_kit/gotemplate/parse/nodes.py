"""The tree of a parsed template, as Go's text/template/parse has it.

Nodes are values: two trees are equal when they mean the same source, wherever it stands. `pos` is
where a node begins, counted in characters from the start of the source; -1 for nodes that were
built rather than parsed. `str()` of a node is source text that parses back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .literals import Number, parse_number, quote, unquote

UNKNOWN_POS = -1


@dataclass(frozen=True)
class Node:
    """Any node."""

    def __str__(self) -> str:
        from .printer import print_node

        return print_node(self)


def _pos() -> int:
    """A position does not count when nodes are compared."""
    result: int = field(default=UNKNOWN_POS, compare=False, repr=False, kw_only=True)
    return result


@dataclass(frozen=True)
class TextNode(Node):
    """Plain text, trimmed as its neighbours ask for."""

    text: str
    pos: int = _pos()


@dataclass(frozen=True)
class CommentNode(Node):
    """A comment with its marks; only there when the parser is asked to keep comments."""

    text: str
    pos: int = _pos()


@dataclass(frozen=True)
class DotNode(Node):
    """`.`"""

    pos: int = _pos()


@dataclass(frozen=True)
class NilNode(Node):
    """`nil`"""

    pos: int = _pos()


@dataclass(frozen=True)
class BoolNode(Node):
    """`true` or `false`"""

    value: bool
    pos: int = _pos()


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


@dataclass(frozen=True)
class IdentifierNode(Node):
    """The name of a function."""

    ident: str
    pos: int = _pos()


@dataclass(frozen=True)
class FieldNode(Node):
    """`.A.B` as ("A", "B")"""

    ident: tuple[str, ...]
    pos: int = _pos()


@dataclass(frozen=True)
class VariableNode(Node):
    """`$x.A.B` as ("$x", "A", "B"); the root is "$"."""

    ident: tuple[str, ...]
    pos: int = _pos()


@dataclass(frozen=True)
class ChainNode(Node):
    """Fields of something that is neither a field nor a variable: `(pipeline).A.B`."""

    node: Node
    field: tuple[str, ...]
    pos: int = _pos()


@dataclass(frozen=True)
class CommandNode(Node):
    """An operand, or a function or method with its arguments."""

    args: tuple[Node, ...]
    pos: int = _pos()


@dataclass(frozen=True)
class PipeNode(Node):
    """Commands joined by `|`, with the variables that get the result."""

    cmds: tuple[CommandNode, ...]
    decl: tuple[VariableNode, ...] = ()
    is_assign: bool = False
    pos: int = _pos()


@dataclass(frozen=True)
class ActionNode(Node):
    """`{{pipeline}}`"""

    pipe: PipeNode
    pos: int = _pos()


@dataclass(frozen=True)
class ListNode(Node):
    """Nodes one after the other."""

    nodes: tuple[Node, ...] = ()
    pos: int = _pos()


@dataclass(frozen=True)
class BranchNode(Node):
    """What if, range and with have in common; an absent else is not an empty one."""

    pipe: PipeNode
    list: ListNode
    else_list: ListNode | None = None
    pos: int = _pos()


@dataclass(frozen=True)
class IfNode(BranchNode):
    """`{{if}}`; `{{else if}}` is an IfNode alone in `else_list`."""


@dataclass(frozen=True)
class RangeNode(BranchNode):
    """`{{range}}`"""


@dataclass(frozen=True)
class WithNode(BranchNode):
    """`{{with}}`"""


@dataclass(frozen=True)
class BreakNode(Node):
    """`{{break}}`"""

    pos: int = _pos()


@dataclass(frozen=True)
class ContinueNode(Node):
    """`{{continue}}`"""

    pos: int = _pos()


@dataclass(frozen=True)
class TemplateNode(Node):
    """`{{template "name" pipeline}}`, also what is left of a `{{block}}`."""

    name: str
    pipe: PipeNode | None = None
    pos: int = _pos()


def is_empty(node: Node | None) -> bool:
    """parse.IsEmptyTree: nothing but blanks and comments."""
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
