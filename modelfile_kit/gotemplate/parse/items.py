"""The items of a template's source: their types, and how error messages show them."""

from __future__ import annotations

import enum
from typing import NamedTuple

from .literals import quote


class Item(enum.IntEnum):
    """Types of items; keywords come after KEYWORD."""

    ERROR = 0
    BOOL = 1
    CHAR = 2
    CHAR_CONSTANT = 3
    COMMENT = 4
    COMPLEX = 5
    ASSIGN = 6
    DECLARE = 7
    EOF = 8
    FIELD = 9
    IDENTIFIER = 10
    LEFT_DELIM = 11
    LEFT_PAREN = 12
    NUMBER = 13
    PIPE = 14
    RAW_STRING = 15
    RIGHT_DELIM = 16
    RIGHT_PAREN = 17
    STRING = 18
    TEXT = 19
    VARIABLE = 20
    KEYWORD = 21
    BLOCK = 22
    BREAK = 23
    CONTINUE = 24
    DOT = 25
    DEFINE = 26
    ELSE = 27
    END = 28
    IF = 29
    NIL = 30
    RANGE = 31
    TEMPLATE = 32
    WITH = 33


WORDS = {
    **{item.name.lower(): item for item in Item if item > Item.KEYWORD and item is not Item.DOT},
    "true": Item.BOOL,
    "false": Item.BOOL,
}


class Token(NamedTuple):
    """An item: its type, where it begins, its text and its line (from 1).

    spaced: whether blanks stand before it, inside an action; Go has an item for them.
    """

    type: Item
    pos: int
    value: str
    line: int
    spaced: bool = False

    def __str__(self) -> str:
        """As error messages show it."""
        if self.type is Item.EOF:
            return "EOF"
        if self.type is Item.ERROR:
            return self.value
        if self.type > Item.KEYWORD:
            return f"<{self.value}>"
        if len(self.value.encode("utf-8", "surrogateescape")) > 10:
            return quote(self.value[:10]) + "..."
        return quote(self.value)
