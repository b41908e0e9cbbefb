"""The parser's way to the lexer: items that can be put back, and errors that name the line."""

from __future__ import annotations

from ..errors import GoTemplateError
from .lexer import Item, Lexer, Token
from .literals import LiteralError, unquote

_NO_TOKEN = Token(Item.ERROR, 0, "", 0)


class TokenReader:
    """Items of a lexer, three of which can be put back."""

    def __init__(self, parse_name: str, lexer: Lexer) -> None:
        self.parse_name = parse_name
        self.lexer = lexer
        self.tokens = [_NO_TOKEN, _NO_TOKEN, _NO_TOKEN]
        self.peek_count = 0
        self.action_line = 0

    def next(self) -> Token:
        if self.peek_count > 0:
            self.peek_count -= 1
        else:
            self.tokens[0] = self.lexer.next_item()
        return self.tokens[self.peek_count]

    def peek(self) -> Token:
        if self.peek_count > 0:
            return self.tokens[self.peek_count - 1]
        self.peek_count = 1
        self.tokens[0] = self.lexer.next_item()
        return self.tokens[0]

    def backup(self, *tokens: Token) -> None:
        """Puts back the last item and `tokens`, which came before it (the latest first)."""
        for i, token in enumerate(tokens):
            self.tokens[i + 1] = token
        self.peek_count = self.peek_count + 1 if not tokens else len(tokens) + 1

    def next_non_space(self) -> Token:
        token = self.next()
        while token.type is Item.SPACE:
            token = self.next()
        return token

    def peek_non_space(self) -> Token:
        token = self.next_non_space()
        self.backup()
        return token

    def error(self, message: str) -> GoTemplateError:
        return GoTemplateError(f"template: {self.parse_name}:{self.tokens[0].line}: {message}")

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
        token = self.next_non_space()
        if token.type not in kinds:
            raise self.unexpected(token, context)
        return token

    def unquoted(self, literal: str) -> str:
        try:
            return unquote(literal)
        except LiteralError as error:
            raise self.error(str(error)) from None
