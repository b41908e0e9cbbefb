"""The parser's way to the lexer: items that can be put back, and errors that name the line."""

from __future__ import annotations

from ...core.errors import GoTemplateError
from .items import Item, Token
from .lexer import Lexer
from .literals import LiteralError, unquote

# As many items as are ever put back at a time.
_KEPT = 2


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
        return GoTemplateError(f"template: {self.parse_name}:{self.last.line}: {message}")

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
