"""Splits a template's source into items, the way Go's text/template/parse/lex.go does.

The scanner is asked for one item at a time, because what counts as an item depends on the parser:
whether `break` and `continue` are keywords is set by it. Positions count characters; Go's positions
count bytes, and the difference is made up where a position is shown.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import NamedTuple

from .budget import LimitError
from .gounicode import is_alphanumeric, is_print
from .literals import is_raw_byte, quote


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
    SPACE = 18
    STRING = 19
    TEXT = 20
    VARIABLE = 21
    KEYWORD = 22
    BLOCK = 23
    BREAK = 24
    CONTINUE = 25
    DOT = 26
    DEFINE = 27
    ELSE = 28
    END = 29
    IF = 30
    NIL = 31
    RANGE = 32
    TEMPLATE = 33
    WITH = 34


_WORDS = {
    **{item.name.lower(): item for item in Item if item > Item.KEYWORD and item is not Item.DOT},
    "true": Item.BOOL,
    "false": Item.BOOL,
}
_COMMON_ITEMS = (
    *(Item.ERROR, Item.FIELD, Item.VARIABLE, Item.IDENTIFIER, Item.SPACE, Item.STRING, Item.NUMBER),
    *(Item.PIPE, Item.DECLARE, Item.ASSIGN),
)

# A source with more items takes more than a second to parse; these are some 300 kB of template.
MAX_ITEMS = 100_000

_SPACES = " \t\r\n"
_TRIM = 2  # the mark and the blank that belongs to it
_ALPHANUMERIC = re.compile(r"\w*")
_LEFT_TRIM = re.compile(r"-[ \t\r\n]")
_RIGHT_TRIM = re.compile(r"[ \t\r\n]-")
_LEADING_SPACE = re.compile(r"[ \t\r\n]*")
# The items that make up most templates, where nothing special is near: one look instead of many.
_AHEAD = r"(?=[ \t\r\n.,|:()]|\}\})"
_COMMON = re.compile(
    rf"(\.[A-Za-z_][A-Za-z0-9_]*{_AHEAD})|(\$[A-Za-z0-9_]*{_AHEAD})|([A-Za-z_][A-Za-z0-9_]*{_AHEAD})"
    r'|( +)(?![ \t\r\n-])|("[^"\\\n]*")|([0-9]+(?=[ )]|\}\}))|(\|)|(:=)|(=)'
)
_RUNS = {digits: re.compile(f"[{digits}_]*") for digits in ("0-9", "0-9a-fA-F", "0-7", "01")}


class Token(NamedTuple):
    """An item: its type, where it begins, its text and its line (from 1)."""

    type: Item
    pos: int
    value: str
    line: int

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
        self.comments = comments
        self.break_is_keyword = True
        self.continue_is_keyword = True

    def next_item(self) -> Token:
        """The next item; raises LimitError when there are too many."""
        self._items += 1
        if self._items > MAX_ITEMS:
            raise LimitError(
                f"the template was not read to its end: it has more than {MAX_ITEMS:,} items",
                help="a file of another kind seems to stand where the template should",
            )
        try:
            while True:
                token = self._inside() if self._inside_action else self._text()
                if token is not None:
                    return token
        except _ScanError as failed:
            token = Token(Item.ERROR, self._start, str(failed), self._line)
            self._input, self._pos, self._start = "", 0, 0
            return token

    def _emit(self, kind: Item) -> Token:
        """The item from `_start` to `_pos`."""
        value = self._input[self._start : self._pos]
        token = Token(kind, self._start, value, self._line)
        self._ignore()
        return token

    def _ignore(self) -> None:
        """Skips what has been passed over; `_line` is always the line of `_start`."""
        self._line += self._input.count("\n", self._start, self._pos)
        self._start = self._pos

    def _peek(self) -> str:
        return self._input[self._pos : self._pos + 1]

    def _text(self) -> Token | None:
        """Text up to the next left delimiter, then that delimiter or a comment."""
        at = self._input.find("{{", self._pos)
        if at < 0:
            self._pos = len(self._input)
            return self._emit(Item.TEXT if self._pos > self._start else Item.EOF)
        if at > self._pos:
            self._pos = at
            if _LEFT_TRIM.match(self._input, at + 2):
                self._pos = self._start + len(self._input[self._start : at].rstrip(_SPACES))
            token = self._emit(Item.TEXT)
            self._pos = at
            self._ignore()
            if token.value:
                return token
        return self._left_delim()

    def _left_delim(self) -> Token | None:
        """A left delimiter is at `_pos`, its trimming done."""
        trimmed = _TRIM if _LEFT_TRIM.match(self._input, self._pos + 2) else 0
        if self._input.startswith("/*", self._pos + 2 + trimmed):
            self._pos += 2 + trimmed
            self._ignore()
            return self._comment()
        self._pos += 2
        token = self._emit(Item.LEFT_DELIM)
        self._inside_action = True
        self._pos += trimmed
        self._ignore()
        self._paren_depth = 0
        return token

    def _comment(self) -> Token | None:
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
        return token if self.comments else None

    def _at_right_delim(self) -> tuple[bool, bool]:
        """Whether a right delimiter is here, and whether it trims."""
        if _RIGHT_TRIM.match(self._input, self._pos) and self._input.startswith("}}", self._pos + _TRIM):
            return True, True
        return self._input.startswith("}}", self._pos), False

    def _skip_right_delim(self, trimmed: bool) -> None:
        self._pos += 2 + (_TRIM if trimmed else 0)
        if trimmed:
            self._skip_blanks()
        self._ignore()

    def _skip_blanks(self) -> None:
        match = _LEADING_SPACE.match(self._input, self._pos)
        assert match is not None
        self._pos = match.end()

    def _right_delim(self) -> Token:
        """A right delimiter is here."""
        _, trimmed = self._at_right_delim()
        if trimmed:
            self._pos += _TRIM
            self._ignore()
        self._pos += 2
        token = self._emit(Item.RIGHT_DELIM)
        if trimmed:
            self._skip_blanks()
            self._ignore()
        self._inside_action = False
        return token

    def _inside(self) -> Token:
        """An item inside an action."""
        common = _COMMON.match(self._input, self._pos)
        if common is None:
            return self._uncommon()
        value = common.group()
        kind = _COMMON_ITEMS[common.lastindex or 0]
        if kind is Item.IDENTIFIER:
            kind = self._word_item(value)
        token = Token(kind, self._pos, value, self._line)
        self._pos = self._start = common.end()
        return token

    def _uncommon(self) -> Token:
        """An item inside an action, by Go's own steps."""
        if self._at_right_delim()[0]:
            if self._paren_depth == 0:
                return self._right_delim()
            raise _ScanError("unclosed left paren")
        char = self._peek()
        if not char:
            raise _ScanError("unclosed action")
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

    def _space(self) -> Token:
        """A run of blanks; the last may belong to a right delimiter that trims."""
        begin = self._pos
        self._skip_blanks()
        self._pos -= 1
        if self._at_right_delim()[1]:
            if self._pos == begin:
                return self._right_delim()
        else:
            self._pos += 1
        return self._emit(Item.SPACE)

    def _single(self, kind: Item) -> Token:
        self._pos += 1
        return self._emit(kind)

    def _declare(self) -> Token:
        self._pos += 1
        if self._peek() != "=":
            self._pos += 1 if self._peek() else 0
            raise _ScanError("expected :=")
        self._pos += 1
        return self._emit(Item.DECLARE)

    def _left_paren(self) -> Token:
        self._paren_depth += 1
        return self._single(Item.LEFT_PAREN)

    def _right_paren(self) -> Token:
        self._paren_depth -= 1
        if self._paren_depth < 0:
            raise _ScanError("unexpected right paren")
        return self._single(Item.RIGHT_PAREN)

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
        return self._emit(self._word_item(self._input[self._start : self._pos]))

    def _word_item(self, word: str) -> Item:
        kind = _WORDS.get(word, Item.IDENTIFIER)
        if (kind is Item.BREAK and not self.break_is_keyword) or (
            kind is Item.CONTINUE and not self.continue_is_keyword
        ):
            return Item.IDENTIFIER
        return kind

    def _dot(self) -> Token:
        """`.`, `.field` or a number that begins with a point."""
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
    **dict.fromkeys(_SPACES, Lexer._space),
    "=": lambda lexer: lexer._single(Item.ASSIGN),
    "|": lambda lexer: lexer._single(Item.PIPE),
    ":": Lexer._declare,
    '"': lambda lexer: lexer._quoted('"', Item.STRING, "quoted string"),
    "'": lambda lexer: lexer._quoted("'", Item.CHAR_CONSTANT, "character constant"),
    "`": Lexer._raw,
    "$": Lexer._variable,
    ".": Lexer._dot,
    "(": Lexer._left_paren,
    ")": Lexer._right_paren,
}


def _unicode(char: str) -> str:
    """%#U of a character; the end of the source is U+FFFFFFFFFFFFFFFF."""
    if not char:
        return "U+FFFFFFFFFFFFFFFF"
    char = "\ufffd" if is_raw_byte(char) else char
    shown = f" '{char}'" if is_print(char) else ""
    return f"U+{ord(char):04X}{shown}"
