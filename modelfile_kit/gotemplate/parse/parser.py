"""Parses a template's source, the way Go's text/template/parse/parse.go does.

What Go refuses is refused here, with Go's words and line. One `_Tree` parses one template of the
source: the main one, and one more for every define and block.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from ...core.errors import GoTemplateError
from ..values.strconv import LiteralError, quote, unquote
from . import nodes as n
from .lexer import Item, Lexer, Token

# As many items as are ever put back at a time.
_KEPT = 2
# Go's own bound on parenthesised pipelines inside each other (parse.go, maxStackDepth).
MAX_STACK_DEPTH = 10_000

# What is asked for most often, looked up once.
_TEXT, _LEFT_DELIM, _FIELD, _VARIABLE = Item.TEXT, Item.LEFT_DELIM, Item.FIELD, Item.VARIABLE
_RIGHT_DELIM, _RIGHT_PAREN, _PIPE = Item.RIGHT_DELIM, Item.RIGHT_PAREN, Item.PIPE
_EOF = Item.EOF
_NOT_EXECUTABLE = (n.BoolNode, n.DotNode, n.NilNode, n.NumberNode, n.StringNode)
_NO_FIELDS = (n.BoolNode, n.StringNode, n.NumberNode, n.NilNode, n.DotNode)


@dataclass(frozen=True)
class _End(n.Node):
    """`{{end}}`, which is no part of the tree."""

    pos: int = -1

    def write_to(self, writer: n.SourceWriter) -> None:
        writer.tag("end")


@dataclass(frozen=True)
class _Else(n.Node):
    """`{{else}}`, which is no part of the tree."""

    pos: int = -1

    def write_to(self, writer: n.SourceWriter) -> None:
        writer.tag("else")


class _AnyFunction:
    def __contains__(self, name: object) -> bool:
        return name not in ("break", "continue")  # keywords, where they are no functions


ANY_FUNCTION: Container[str] = _AnyFunction()
"""For a source whose functions are known to exist, such as a TEMPLATE that was compiled or has parsed."""


def parse_trees(
    source: str, name: str, functions: Container[str], *, comments: bool = False
) -> dict[str, n.ListNode]:
    """The templates of a source by their names, the main one under `name`.

    functions: the names that may be called, Go's own included. Raises GoTemplateError.
    """
    trees: dict[str, n.ListNode] = {}
    lexer = Lexer(source, comments=comments)
    for word in ("break", "continue"):
        if word in functions:
            lexer.without_keyword(word)
    _Tree(name, name, lexer, functions, trees).parse()
    return trees


class TokenReader:
    """Items of a lexer, two of which can be put back.

    items: those read ahead, and the last before them. index: the next one. read: how many were looked
    at; the last of them is where an error is.
    """

    def __init__(self, parse_name: str, lexer: Lexer) -> None:
        self.parse_name = parse_name
        self.lexer = lexer
        self.items: list[Token] = []
        self.index = 0
        self.read = 0
        self.action_line = 0

    def go_on_from(self, other: TokenReader) -> None:
        """Reads on where another reader of the same lexer has stopped."""
        self.items, self.index, self.read = other.items, other.index, other.read

    def _fill(self) -> None:
        kept = self.items[-_KEPT:]
        self.items = kept + self.lexer.more()
        self.index = self.read = len(kept)

    @property
    def last(self) -> Token:
        """The last item that was looked at."""
        return self.items[self.read - 1]

    def next(self) -> Token:
        index = self.index
        if index == len(self.items):
            self._fill()
            index = self.index
        self.index = index + 1
        if index >= self.read:
            self.read = index + 1
        return self.items[index]

    def peek(self) -> Token:
        token = self.next()
        self.index -= 1
        return token

    def backup(self, count: int = 1) -> None:
        """Puts back the last items."""
        self.index -= count

    def error(self, message: str) -> GoTemplateError:
        line = self.last.line
        return GoTemplateError(f"template: {self.parse_name}:{line}: {message}", code="MK202", line=line)

    def unexpected(self, token: Token, context: str) -> GoTemplateError:
        if token.type is not Item.ERROR:
            return self.error(f"unexpected {token} in {context}")
        extra = ""
        if self.action_line not in (0, token.line):
            extra = f" in action started at {self.parse_name}:{self.action_line}"
            if token.value.endswith(" action"):
                extra = extra[len(" in action") :]  # not "action in action"
        return self.error(f"{token}{extra}")

    def expect(self, context: str, *kinds: Item) -> Token:
        token = self.next()
        if token.type not in kinds:
            raise self.unexpected(token, context)
        return token

    def unquoted(self, literal: str) -> str:
        try:
            return unquote(literal)
        except LiteralError as error:
            raise self.error(str(error)) from None


class _Tree(TokenReader):
    """The parser of one template."""

    def __init__(
        self,
        name: str,
        parse_name: str,
        lexer: Lexer,
        functions: Container[str],
        trees: dict[str, n.ListNode],
    ) -> None:
        super().__init__(parse_name, lexer)
        self.name = name
        self.functions = functions
        self.trees = trees
        self.vars = ["$"]
        self.range_depth = 0
        self.stack_depth = 0

    def parse(self) -> None:
        """The main template, to the end of the source."""
        begin = self.peek().pos
        found: list[n.Node] = []
        while self.peek().type is not Item.EOF:
            if self.peek().type is Item.LEFT_DELIM:
                delim = self.index
                self.next()
                if self.next().type is Item.DEFINE:
                    tree = self.subtree("definition")
                    tree.define()
                    self.go_on_from(tree)
                    continue
                self.index = delim
            node = self.text_or_action(self.next())
            if isinstance(node, (_End, _Else)):
                raise self.error(f"unexpected {node}")
            found.append(node)
        self.add(n.ListNode(tuple(found), pos=begin))

    def subtree(self, name: str) -> _Tree:
        tree = _Tree(name, self.parse_name, self.lexer, self.functions, self.trees)
        tree.go_on_from(self)
        return tree

    def define(self) -> None:
        """`{{define "name"}}` after its keyword."""
        context = "define clause"
        token = self.expect(context, Item.STRING, Item.RAW_STRING)
        self.name = self.unquoted(token.value)
        self.expect(context, Item.RIGHT_DELIM)
        root, end = self.item_list()
        if not isinstance(end, _End):
            raise self.error(f"unexpected {end} in {context}")
        self.add(root)

    def add(self, root: n.ListNode) -> None:
        old = self.trees.get(self.name)
        if old is None or n.is_empty(old):
            self.trees[self.name] = root
        elif not n.is_empty(root):
            raise self.error(f"template: multiple definition of template {quote(self.name)}")

    def item_list(self) -> tuple[n.ListNode, n.Node]:
        """Text and actions up to an end or else, which is given too."""
        begin = self.peek().pos
        found: list[n.Node] = []
        while (token := self.next()).type is not _EOF:
            if token.type is _TEXT:
                found.append(n.TextNode(token.value, pos=token.pos))
                continue
            node = self.text_or_action(token)
            if isinstance(node, (_End, _Else)):
                return n.ListNode(tuple(found), pos=begin), node
            found.append(node)
        raise self.error("unexpected EOF")

    def text_or_action(self, token: Token) -> n.Node:
        if token.type is _TEXT:
            return n.TextNode(token.value, pos=token.pos)
        if token.type is _LEFT_DELIM:
            self.action_line = token.line
            node = self.action()
            self.action_line = 0
            return node
        if token.type is Item.COMMENT:
            return n.CommentNode(token.value, pos=token.pos)
        raise self.unexpected(token, "input")

    # Actions; their left delimiter is past.

    def action(self) -> n.Node:
        token = self.next()
        control = _CONTROLS.get(token.type)
        if control is not None:
            return control(self)
        self.backup()
        return n.ActionNode(self.pipeline("command", _RIGHT_DELIM), pos=token.pos)

    def break_control(self) -> n.Node:
        return n.BreakNode(pos=self.jump("break"))

    def continue_control(self) -> n.Node:
        return n.ContinueNode(pos=self.jump("continue"))

    def jump(self, word: str) -> int:
        begin = self.last.pos
        token = self.next()
        if token.type is not Item.RIGHT_DELIM:
            raise self.unexpected(token, "{{" + word + "}}")
        if self.range_depth == 0:
            raise self.error("{{" + word + "}} outside {{range}}")
        return begin

    def end_control(self) -> n.Node:
        return _End(self.expect("end", Item.RIGHT_DELIM).pos)

    def else_control(self) -> n.Node:
        """`{{else}}`; of `{{else if}}` and `{{else with}}` the second word is left to be read."""
        token = self.peek()
        if token.type not in (Item.IF, Item.WITH):
            token = self.expect("else", Item.RIGHT_DELIM)
        return _Else(token.pos)

    def if_control(self) -> n.Node:
        return self.branch("if", n.IfNode)

    def range_control(self) -> n.Node:
        return self.branch("range", n.RangeNode)

    def with_control(self) -> n.Node:
        return self.branch("with", n.WithNode)

    def branch(self, context: str, node: type[n.BranchNode]) -> n.BranchNode:
        """if, range or with after its keyword; variables of its pipeline end with it."""
        known = len(self.vars)
        pipe = self.pipeline(context, Item.RIGHT_DELIM)
        self.range_depth += context == "range"
        body, after = self.item_list()
        self.range_depth -= context == "range"
        otherwise = self.otherwise(context, after) if isinstance(after, _Else) else None
        del self.vars[known:]
        return node(pipe, body, otherwise, pos=pipe.pos)

    def otherwise(self, context: str, after: _Else) -> n.ListNode:
        """What follows an else; `{{else if}}` reads as `{{else}}{{if}}` with one end for both."""
        kind = self.peek().type
        if (context == "if" and kind is Item.IF) or (context == "with" and kind is Item.WITH):
            self.next()
            inner = self.if_control() if context == "if" else self.with_control()
            return n.ListNode((inner,), pos=after.pos)
        body, end = self.item_list()
        if not isinstance(end, _End):
            raise self.error(f"expected end; found {end}")
        return body

    def block_control(self) -> n.Node:
        """`{{block "name" pipeline}}`: a define and a template in one."""
        context = "block clause"
        token = self.next()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, Item.RIGHT_DELIM)
        tree = self.subtree(name)
        root, end = tree.item_list()
        if not isinstance(end, _End):
            raise self.error(f"unexpected {end} in {context}")
        tree.add(root)
        self.go_on_from(tree)
        return n.TemplateNode(name, pipe, pos=token.pos)

    def template_control(self) -> n.Node:
        context = "template clause"
        token = self.next()
        name = self.template_name(token, context)
        pipe = None
        if self.next().type is not Item.RIGHT_DELIM:
            self.backup()
            pipe = self.pipeline(context, Item.RIGHT_DELIM)
        return n.TemplateNode(name, pipe, pos=token.pos)

    def template_name(self, token: Token, context: str) -> str:
        if token.type not in (Item.STRING, Item.RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquoted(token.value)

    # Pipelines.

    def pipeline(self, context: str, end: Item) -> n.PipeNode:
        """Declarations and commands up to `end`."""
        first = self.peek()
        if first.type is _FIELD and self.items[self.index + 1].type is end:
            self.next()
            self.next()
            field = n.FieldNode((first.value[1:],), pos=first.pos)
            return n.PipeNode((n.CommandNode((field,), pos=first.pos),), pos=first.pos)
        decl: list[n.VariableNode] = []
        is_assign = first.type is _VARIABLE and self.declarations(context, decl)
        cmds: list[n.CommandNode] = []
        while True:
            token = self.next()
            if token.type is end:
                break
            make = _TERMS.get(token.type)
            if make is None:
                raise self.unexpected(token, context)
            cmds.append(self.command(token, make))
        if not cmds:
            raise self.error(f"missing value for {context}")
        if len(cmds) > 1:
            self.check_stages(cmds)
        return n.PipeNode(tuple(cmds), tuple(decl), is_assign, pos=first.pos)

    def check_stages(self, cmds: list[n.CommandNode]) -> None:
        for i, cmd in enumerate(cmds[1:]):
            if isinstance(cmd.args[0], _NOT_EXECUTABLE):
                raise self.error(f"non executable command in pipeline stage {i + 2}")

    def declarations(self, context: str, decl: list[n.VariableNode]) -> bool:
        """Variables before `:=` or `=`, put into `decl`; whether it was `=`."""
        while self.peek().type is _VARIABLE:
            begin = self.index
            var = self.next()
            following = self.peek()
            if following.type in (Item.ASSIGN, Item.DECLARE):
                self.next()
                self.declare(var, decl)
                return following.type is Item.ASSIGN
            if following.type is Item.CHAR and following.value == ",":
                self.next()
                self.declare(var, decl)
                if context != "range" or len(decl) > 1:
                    raise self.error(f"too many declarations in {context}")
                if self.peek().type not in (Item.VARIABLE, Item.RIGHT_DELIM, Item.RIGHT_PAREN):
                    raise self.error("range can only initialize variables")
            else:
                self.index = begin
                break
        return False

    def declare(self, var: Token, decl: list[n.VariableNode]) -> None:
        decl.append(n.VariableNode(tuple(var.value.split(".")), pos=var.pos))
        self.vars.append(var.value)

    def command(self, token: Token, make: _Term | None) -> n.CommandNode:
        """Operands with space between them, from `token`; a pipe after them is taken, a delimiter is left.

        make: what makes a node of the token.
        """
        args: list[n.Node] = []
        begin = token.pos
        while make is not None:
            term = make(self, token)
            token = self.next()
            if token.type is _FIELD and not token.spaced:
                term = self.chain(term, token)
                token = self.next()
            args.append(term)
            make = _TERMS.get(token.type) if token.spaced else None
        if token.type is _RIGHT_DELIM or token.type is _RIGHT_PAREN:
            self.index -= 1
        elif token.type is not _PIPE:
            raise self.unexpected(token, "operand")
        return n.CommandNode(tuple(args), pos=begin)

    def chain(self, term: n.Node, token: Token) -> n.Node:
        """A term and the fields that follow it at once, the first of which is `token`."""
        begin = token.pos
        fields = [token.value[1:]]
        while not (token := self.items[self.index]).spaced:
            self.next()
            if token.type is not _FIELD:
                self.index -= 1
                break
            fields.append(token.value[1:])
        if isinstance(term, n.FieldNode):
            return n.FieldNode((*term.ident, *fields), pos=begin)
        if isinstance(term, n.VariableNode):
            return n.VariableNode((*term.ident, *fields), pos=begin)
        if isinstance(term, _NO_FIELDS):
            raise self.error(f"unexpected . after term {quote(str(term))}")
        return n.ChainNode(term, tuple(fields), pos=begin)

    def function(self, token: Token) -> n.Node:
        if token.value not in self.functions:
            raise self.error(f"function {quote(token.value)} not defined")
        return n.IdentifierNode(token.value, pos=token.pos)

    def variable(self, token: Token) -> n.Node:
        if token.value not in self.vars:
            raise self.error(f"undefined variable {quote(token.value)}")
        return n.VariableNode((token.value,), pos=token.pos)

    def number(self, token: Token) -> n.Node:
        node = n.NumberNode(token.value, token.type is Item.COMPLEX, pos=token.pos)
        try:
            node.number  # noqa: B018 - it is parsed now, and kept
        except LiteralError as error:
            raise self.error(str(error)) from None
        return node

    def string(self, token: Token) -> n.Node:
        return n.StringNode(self.unquoted(token.value), token.value, pos=token.pos)

    def parenthesised(self, _token: Token) -> n.Node:
        if self.stack_depth >= MAX_STACK_DEPTH:
            raise self.error("max expression depth exceeded")
        self.stack_depth += 1
        pipe = self.pipeline("parenthesized pipeline", Item.RIGHT_PAREN)
        self.stack_depth -= 1
        return pipe


_CONTROLS: dict[Item, Callable[[_Tree], n.Node]] = {
    Item.BLOCK: _Tree.block_control,
    Item.BREAK: _Tree.break_control,
    Item.CONTINUE: _Tree.continue_control,
    Item.ELSE: _Tree.else_control,
    Item.END: _Tree.end_control,
    Item.IF: _Tree.if_control,
    Item.RANGE: _Tree.range_control,
    Item.TEMPLATE: _Tree.template_control,
    Item.WITH: _Tree.with_control,
}
_Term = Callable[[_Tree, Token], n.Node]
_TERMS: dict[Item, _Term] = {
    Item.IDENTIFIER: _Tree.function,
    Item.DOT: lambda _, token: n.DotNode(pos=token.pos),
    Item.NIL: lambda _, token: n.NilNode(pos=token.pos),
    Item.VARIABLE: _Tree.variable,
    Item.FIELD: lambda _, token: n.FieldNode((token.value[1:],), pos=token.pos),
    Item.BOOL: lambda _, token: n.BoolNode(token.value == "true", pos=token.pos),
    Item.CHAR_CONSTANT: _Tree.number,
    Item.COMPLEX: _Tree.number,
    Item.NUMBER: _Tree.number,
    Item.LEFT_PAREN: _Tree.parenthesised,
    Item.STRING: _Tree.string,
    Item.RAW_STRING: _Tree.string,
}
