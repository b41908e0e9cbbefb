"""Splits a template's source into items, the way Go's text/template/parse/lex.go does.

The items of one action come at a time: a regular expression takes those that make up most templates,
and where it knows none, Go's own steps are taken. Positions count characters; Go's positions count
bytes, and the difference is made up where a position is shown.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import NamedTuple

from ..budget import LimitError
from ..values.representation import is_raw_byte
from ..values.strconv import quote
from ..values.unicode_tables import is_alphanumeric, is_print


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

    spaced: whether space stands before it, inside an action; Go has an item for them.
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


# A source with more items takes more than half a second to parse; these are some 400 kB of template.
MAX_ITEMS = 100_000

_SPACES = " \t\r\n"
_TRIM = 2  # the mark and the space that belongs to it
_ALPHANUMERIC = re.compile(r"\w*")
_LEFT_TRIM = re.compile(r"-[ \t\r\n]")
_RIGHT_TRIM = re.compile(r"[ \t\r\n]-")
_LEADING_SPACE = re.compile(r"[ \t\r\n]*")
# The items that make up most templates, each with the space before it: one look instead of many. What
# may not follow an item here is for Go's own steps to refuse.
_AHEAD = r"(?=[ \t\r\n.,|:()]|\}\})"
_COMMON = re.compile(
    rf" *(?:(\.[A-Za-z_][A-Za-z0-9_]*{_AHEAD})|([A-Za-z_][A-Za-z0-9_]*{_AHEAD})|(\$[A-Za-z0-9_]*{_AHEAD})"
    r'|("[^"\\\n]*(?:\\[^\n][^"\\\n]*)*")|([0-9]+(?=[ )]|\}\}))|(\|)|(:=)|(=)|(,)'
    rf"|(\.{_AHEAD})|(\}}\}}|[ \t\r\n]-\}}\}}[ \t\r\n]*)|(\()|(\)))"
)
_COMMON_ITEMS = (
    *(Item.ERROR, Item.FIELD, Item.IDENTIFIER, Item.VARIABLE, Item.STRING, Item.NUMBER, Item.PIPE),
    *(Item.DECLARE, Item.ASSIGN, Item.CHAR, Item.DOT, Item.RIGHT_DELIM, Item.LEFT_PAREN, Item.RIGHT_PAREN),
)
_NAME = _COMMON_ITEMS.index(Item.IDENTIFIER)
_CLOSING = _COMMON_ITEMS.index(Item.RIGHT_DELIM)  # this and those after it change the scanner's state
_LEFT_DELIM, _RIGHT_DELIM, _LEFT_PAREN = Item.LEFT_DELIM, Item.RIGHT_DELIM, Item.LEFT_PAREN
_new = tuple.__new__  # a Token without the detour through its own __new__
_RUNS = {digits: re.compile(f"[{digits}_]*") for digits in ("0-9", "0-9a-fA-F", "0-7", "01")}


class _ScanError(Exception):
    """What an error item will say."""


class Lexer:
    """The items of `source`, by `next_item`. After an error only errors follow."""

    def __init__(self, source: str, *, comments: bool = False) -> None:
        self._input = source
        self._items = 0
        self._pos = 0
        self._start = 0
        self._line = 1
        self._paren_depth = 0
        self._inside_action = False
        self._spaced = False
        self._ready: list[Token] = []
        self._words: dict[str, Item] = dict(WORDS)
        self.comments = comments

    def without_keyword(self, word: str) -> None:
        """`word` is a name where a function has it."""
        self._words.pop(word, None)

    def next_item(self) -> Token:
        """The next item; raises LimitError when there are too many."""
        if not self._ready:
            self._ready = self.more()[::-1]
        return self._ready.pop()

    def more(self) -> list[Token]:
        """The items up to the end of the next action or comment, at least one.

        Raises LimitError when there are too many.
        """
        found: list[Token] = []
        try:
            while not found:
                if not self._inside_action:
                    self._text(found)
                while self._inside_action:
                    self._common(found)
                    if self._inside_action and (item := self._uncommon()):
                        found.append(item)
        except _ScanError as failed:
            found.append(Token(Item.ERROR, self._start, str(failed), self._line))
            self._input, self._pos, self._start = "", 0, 0
        self._items += len(found)
        if self._items > MAX_ITEMS:
            raise _too_many()
        return found

    def _emit(self, kind: Item) -> Token:
        """The item from `_start` to `_pos`."""
        value = self._input[self._start : self._pos]
        token = Token(kind, self._start, value, self._line, self._spaced)
        self._spaced = False
        self._ignore()
        return token

    def _ignore(self) -> None:
        """Skips what has been passed over; `_line` is always the line of `_start`."""
        self._line += self._input.count("\n", self._start, self._pos)
        self._start = self._pos

    def _peek(self) -> str:
        return self._input[self._pos : self._pos + 1]

    def _text(self, found: list[Token]) -> None:
        """Text up to the next left delimiter, then that delimiter or a comment."""
        source, begin = self._input, self._pos
        at = source.find("{{", begin)
        if at < 0:
            self._pos = len(source)
            found.append(self._emit(Item.TEXT if self._pos > begin else Item.EOF))
            return
        trims = source.startswith("-", at + 2) and _LEFT_TRIM.match(source, at + 2) is not None
        if at > begin:
            text = source[begin:at]
            kept = text.rstrip(_SPACES) if trims else text
            if kept:
                found.append(Token(Item.TEXT, begin, kept, self._line))
            self._line += text.count("\n")
        if source.startswith("/*", at + 2 + trims * _TRIM):
            self._start = self._pos = at + 2 + trims * _TRIM
            self._line += source.count("\n", at, self._pos)
            self._comment(found)
            return
        found.append(_new(Token, (_LEFT_DELIM, at, "{{", self._line, False)))
        self._inside_action = True
        self._pos = at + 2
        if trims:
            self._pos += _TRIM
            self._line += source.count("\n", at, self._pos)
        self._start = self._pos
        self._paren_depth = 0

    def _comment(self, found: list[Token]) -> None:
        """A comment begins at `_pos`."""
        end = self._input.find("*/", self._pos + 2)
        if end < 0:
            raise _ScanError("unclosed comment")
        self._pos = end + 2
        delim, trimmed = self._at_right_delim()
        if not delim:
            raise _ScanError("comment ends before closing delimiter")
        token = self._emit(Item.COMMENT)
        self._skip_right_delim(trimmed)
        if self.comments:
            found.append(token)

    def _at_right_delim(self) -> tuple[bool, bool]:
        """Whether a right delimiter is here, and whether it trims."""
        if _RIGHT_TRIM.match(self._input, self._pos) and self._input.startswith("}}", self._pos + _TRIM):
            return True, True
        return self._input.startswith("}}", self._pos), False

    def _skip_right_delim(self, trimmed: bool) -> None:
        self._pos += 2 + (_TRIM if trimmed else 0)
        if trimmed:
            self._skip_space()
        self._ignore()

    def _skip_space(self) -> None:
        match = _LEADING_SPACE.match(self._input, self._pos)
        assert match is not None
        self._pos = match.end()

    def _common(self, found: list[Token]) -> None:
        """The items that `_COMMON` knows, at most up to the right delimiter of the action."""
        source, pos, line, spaced = self._input, self._pos, self._line, self._spaced
        match, words, add = _COMMON.match, self._words, found.append
        while (item := match(source, pos)) is not None:
            index = item.lastindex or 0
            start, end = item.span(index)
            if len(found) > MAX_ITEMS:
                raise _too_many()
            if start != pos:
                spaced = True
            kind, value = _COMMON_ITEMS[index], source[start:end]
            if index == _NAME:
                kind = words.get(value, kind)
            elif index >= _CLOSING:
                self._start = self._pos = start
                self._line, self._spaced = line, spaced
                if kind is _RIGHT_DELIM:
                    add(self._right_delim(end))
                    return
                self._paren_depth += 1 if kind is _LEFT_PAREN else -1
                if self._paren_depth < 0:
                    raise _ScanError("unexpected right paren")
            add(_new(Token, (kind, start, value, line, spaced)))
            pos = end
            spaced = False
        self._start = self._pos = pos
        self._line, self._spaced = line, spaced

    def _right_delim(self, end: int) -> Token:
        """A right delimiter with all that it trims stands from `_pos` to `end`."""
        if self._paren_depth:
            raise _ScanError("unclosed left paren")
        self._inside_action = False
        spaced, self._spaced = self._spaced, False
        at, line = self._pos, self._line
        if end - at > 2:
            line += self._input.count("\n", at, at + _TRIM)
            at += _TRIM
            self._line = line + self._input.count("\n", at, end)
        self._start = self._pos = end
        return _new(Token, (_RIGHT_DELIM, at, "}}", line, spaced))

    def _uncommon(self) -> Token | None:
        """An item that `_COMMON` does not know, by Go's own steps; None for space."""
        char = self._peek()
        if not char:
            raise _ScanError("unclosed action")
        if char in _SPACES:
            self._space()
            return None
        scan = _SCANNERS.get(char)
        if scan is not None:
            return scan(self)
        if char in "+-" or char in "0123456789":
            return self._number()
        if is_alphanumeric(char):
            return self._identifier()
        self._pos += 1
        if char.isascii() and is_print(char):
            return self._emit(Item.CHAR)
        raise _ScanError(f"unrecognized character in action: {_unicode(char)}")

    def _space(self) -> None:
        """A run of space; the last is left where it belongs to a right delimiter that trims."""
        self._skip_space()
        if self._input.startswith("-}}", self._pos):
            self._pos -= 1
        self._spaced = True
        self._ignore()

    def _colon(self) -> Token:
        raise _ScanError("expected :=")

    def _skip_alphanumeric(self) -> None:
        while True:
            match = _ALPHANUMERIC.match(self._input, self._pos)
            assert match is not None
            word = match.group()
            if word.isascii():
                self._pos = match.end()
            else:  # Python's \w knows other characters than Go's tables
                known = next((i for i, c in enumerate(word) if not is_alphanumeric(c)), len(word))
                self._pos += known
                if known < len(word):
                    return
            char = self._peek()
            if not char or not is_alphanumeric(char):
                return

    def _check_terminator(self) -> None:
        """What follows a name must be able to."""
        if not self._at_terminator():
            raise _ScanError(f"bad character {_unicode(self._peek())}")

    def _at_terminator(self) -> bool:
        char = self._peek()
        return not char or char in " \t\r\n.,|:()" or self._input.startswith("}}", self._pos)

    def _identifier(self) -> Token:
        self._skip_alphanumeric()
        self._check_terminator()
        word = self._input[self._start : self._pos]
        return self._emit(self._words.get(word, Item.IDENTIFIER))

    def _dot(self) -> Token:
        """`.field`, or a number that begins with a point."""
        after = self._input[self._pos + 1 : self._pos + 2]
        if not after or after in "0123456789":
            return self._number()
        return self._name(Item.FIELD, Item.DOT)

    def _variable(self) -> Token:
        return self._name(Item.VARIABLE, Item.VARIABLE)

    def _name(self, kind: Item, alone: Item) -> Token:
        """A field or variable whose first character, `.` or `$`, is here."""
        self._pos += 1
        if self._at_terminator():
            return self._emit(alone)
        self._skip_alphanumeric()
        self._check_terminator()
        return self._emit(kind)

    def _number(self) -> Token:
        if not self._scan_number():
            self._bad_number()
        if self._peek() not in ("+", "-"):
            return self._emit(Item.NUMBER)
        if not self._scan_number() or self._input[self._pos - 1] != "i":
            self._bad_number()
        return self._emit(Item.COMPLEX)

    def _bad_number(self) -> None:
        raise _ScanError(f"bad number syntax: {quote(self._input[self._start : self._pos])}")

    def _accept(self, valid: str) -> bool:
        char = self._peek()
        if char and char in valid:
            self._pos += 1
            return True
        return False

    def _accept_run(self, digits: str) -> None:
        match = _RUNS[digits].match(self._input, self._pos)
        assert match is not None
        self._pos = match.end()

    def _scan_number(self) -> bool:
        """Passes over a number; what it lets through wrongly, the parser refuses."""
        self._accept("+-")
        digits = "0-9"
        if self._accept("0"):
            for letters, run in (("xX", "0-9a-fA-F"), ("oO", "0-7"), ("bB", "01")):
                if self._accept(letters):
                    digits = run
                    break
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        exponent = {"0-9": "eE", "0-9a-fA-F": "pP"}.get(digits, "")
        if exponent and self._accept(exponent):
            self._accept("+-")
            self._accept_run("0-9")
        self._accept("i")
        char = self._peek()
        if char and is_alphanumeric(char):
            self._pos += 1
            return False
        return True

    def _quoted(self, mark: str, kind: Item, what: str) -> Token:
        """A literal in `mark`s, on one line, with backslashes."""
        self._pos += 1
        while True:
            char = self._peek()
            self._pos += 1
            if char == "\\":
                char = self._peek()
                self._pos += 1
                if char and char != "\n":
                    continue
            if not char or char == "\n":
                raise _ScanError(f"unterminated {what}")
            if char == mark:
                return self._emit(kind)

    def _raw(self) -> Token:
        end = self._input.find("`", self._pos + 1)
        if end < 0:
            raise _ScanError("unterminated raw quoted string")
        self._pos = end + 1
        return self._emit(Item.RAW_STRING)


_SCANNERS: dict[str, Callable[[Lexer], Token]] = {
    ":": Lexer._colon,
    '"': lambda lexer: lexer._quoted('"', Item.STRING, "quoted string"),
    "'": lambda lexer: lexer._quoted("'", Item.CHAR_CONSTANT, "character constant"),
    "`": Lexer._raw,
    "$": Lexer._variable,
    ".": Lexer._dot,
}


def _too_many() -> LimitError:
    return LimitError(
        f"the template has more than {MAX_ITEMS:,} items, the limit",
        help="check that the file is a template: this many items take some 400,000 characters",
    )


def _unicode(char: str) -> str:
    """%#U of a character; the end of the source is U+FFFFFFFFFFFFFFFF."""
    if not char:
        return "U+FFFFFFFFFFFFFFFF"
    char = "\ufffd" if is_raw_byte(char) else char
    shown = f" '{char}'" if is_print(char) else ""
    return f"U+{ord(char):04X}{shown}"
