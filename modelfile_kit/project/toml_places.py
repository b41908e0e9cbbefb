"""Where the keys of a TOML text stand; the parser of Python's library does not say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache

Path = tuple[str, ...]

_PART = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_KEY = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*=")
_TABLE = re.compile(rf"[ \t]*\[\[?[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*\]")
_ONE_PART = re.compile(_PART)
# What a value is made of, as far as its end depends on it; a text of several lines is one piece.
_PIECE = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+'
    r"|'''.*?'''+"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{}]|\n",
    re.DOTALL,
)


# What matters of TOML's tokens (1.0, "Keys", "String", "Comment"): an unclosed text goes to the end.
_TOKEN = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)|'{3}(?:[^']|'(?!''))*(?:'{3}|\Z)|'''
    r"""(?P<part>"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)|(?P<dot>\.)|(?P<space>[ \t]+)|#[^\n]*|.""",
    re.DOTALL,
)


@lru_cache(maxsize=2)  # each fault of a configuration asks for the same text
def key_places(text: str) -> Mapping[Path, int]:
    """Where each key and each table begins, in characters; text: of a file that is TOML.

    Keys of a table that is written inline (`{a = 1}`) are not among them.

    >>> key_places('[a]\\nb = 1\\n')
    {('a',): 0, ('a', 'b'): 4}
    """
    found: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(text):
        if header := _TABLE.match(text, at):
            table = _parts(header[1])
            found.setdefault(table, at)
            at = header.end()
        elif key := _KEY.match(text, at):
            parts = _parts(key[1])
            for n in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:n]), at)
            at = key.end()
        at = _end_of_line(text, at)
    return found


def long_key(text: str, most: int) -> int | None:
    """Where a key goes beyond so many parts with dots between them; None where none does.

    text: of a file that need not be TOML; it is looked at before the parser is given it.

    >>> long_key('a = "x.y.z"\\nb.c.d = 1\\n', 2)
    16
    """
    if text.count(".") < most:
        return None
    parts, joined = 0, False  # of the key that is being read; whether its last token is a dot
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "part":
            parts, joined = (parts + 1 if joined else 1), False
        elif kind == "dot":
            joined = parts > 0
        elif kind != "space":
            parts, joined = 0, False
        if parts > most:
            return token.start()
    return None


def line_of(text: str, at: int) -> int:
    """The line of a place, from 1."""
    return text.count("\n", 0, at) + 1


def line_of_word(text: str, places: Mapping[Path, int], path: Path, word: str) -> int:
    """The line of a text in the value of a key; that of the key where it is not seen there."""
    start = places[path]
    end = min((at for at in places.values() if at > start), default=len(text))
    found = re.search(rf"[\"']{re.escape(word)}[\"']", text[start:end])
    return line_of(text, start + found.start() if found else start)


def _end_of_line(text: str, at: int) -> int:
    """Behind the line that ends a value, or a line without one."""
    depth = 0
    while piece := _PIECE.search(text, at):
        at = piece.end()
        if piece[0] in ("[", "{"):
            depth += 1
        elif piece[0] in ("]", "}"):
            depth = max(depth - 1, 0)
        elif piece[0] == "\n" and depth == 0:
            return at
    return len(text)


def _parts(key: str) -> Path:
    return tuple(map(_plain, _ONE_PART.findall(key)))


def _plain(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if not part.startswith('"'):
        return part
    try:
        return str(json.loads(part))
    except ValueError:  # an escape that only TOML has
        return part[1:-1]
