"""A Modelfile cut into its instructions, half-typed ones included: where name, key and value stand.

The parser of `ollama.grammar` says what Ollama reads; while a file is typed it is refused most of the time.
This reader refuses nothing, and cuts what Ollama reads at the same places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..ollama.grammar import INSTRUCTIONS, PROJECTOR
from ..ollama.printable import drop_refused
from .answers import Place

NAMES = (*INSTRUCTIONS, PROJECTOR)

_BLANK = re.compile(r"[ \t\r\n]*")
_GAP = re.compile(r"[ \t]*")
_NAME = re.compile(r"[^ \t\r\n]*")
_KEY = re.compile(r"\w*", re.ASCII)
_LINE = re.compile(r"[^\r\n]*")
_PROJECTOR_COMMENT = re.compile(r"#\s*PROJECTOR[ \t]+", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One instruction, or one comment (whose name is "#").

    name: lower case, as typed so far; place: from its name to the end of its last line; key, key_place: the
    parameter's name or the message's role. value: where the value stands, within its quotes; open: whether
    quotes were opened that nothing closes.
    """

    name: str
    place: Place
    name_place: Place
    key: str
    key_place: Place
    value: Place
    open: bool = False

    @property
    def known(self) -> bool:
        """Whether it is an instruction of some release, or the kit's own."""
        return self.name in NAMES


def pieces(text: str) -> list[Piece]:
    """Every instruction and comment, in order."""
    found: list[Piece] = []
    at, size = 0, len(text)
    while True:
        at = _end(_BLANK, text, at)
        if at >= size:
            return found
        piece = _comment(text, at) if text[at] == "#" else _instruction(text, at)
        found.append(piece)
        at = piece.place[1]


def piece_at(found: list[Piece], offset: int) -> Piece | None:
    """The piece in which an index is, on the empty lines behind an instruction none."""
    before = [piece for piece in found if piece.place[0] <= offset]
    if not before:
        return None
    last = before[-1]
    return last if offset <= last.place[1] else None


def _comment(text: str, at: int) -> Piece:
    """A comment; of `# PROJECTOR file` the value is the file."""
    end = _end(_LINE, text, at)
    named = _PROJECTOR_COMMENT.match(text, at, end)
    start = named.end() if named else end
    stop = start + len(text[start:end].rstrip(" \t"))
    value = _unquoted(text, start, max(start, stop))
    return Piece("#", (at, end), (at, at + 1), PROJECTOR if named else "", (at, at), value)


def _instruction(text: str, at: int) -> Piece:
    name_end = _end(_NAME, text, at)
    # Of a name Ollama drops the first character where it is one that nobody sees.
    name = drop_refused(text[at : at + 1]).lower() + text[at + 1 : name_end].lower()
    name_place = (at, name_end)
    key_place = (name_end, name_end)
    at = _end(_GAP, text, name_end)
    if name in ("parameter", "message"):
        key_place = (at, _end(_KEY, text, at))
        at = key_place[1]
        if text[at : at + 1] in (" ", "\t"):
            at = _end(_GAP, text, at)
        elif key_place[0] < at:  # the key is still being typed
            end = _end(_LINE, text, at)
            return Piece(
                name, (name_place[0], end), name_place, _text(text, key_place), key_place, (end, end)
            )
    # Behind two spaces Ollama reads all as the value, and does not see quotes further on.
    quoted = key_place[0] - name_end <= 1 or key_place[0] == key_place[1]
    value, end, is_open = _value(text, at, name in NAMES, quoted=quoted)
    return Piece(name, (name_place[0], end), name_place, _text(text, key_place), key_place, value, is_open)


def _value(text: str, at: int, known: bool, *, quoted: bool) -> tuple[Place, int, bool]:
    """Where a value stands, where its last line ends, and whether its quotes were never closed."""
    end = _end(_LINE, text, at)
    while at < end and (text[at] in " \t" or not drop_refused(text[at])):
        at += 1
    seen = drop_refused(text[at:end])
    mark = '"""' if seen.startswith('"""') else '"' if seen.startswith('"') else ""
    if not mark or not quoted or (mark == '"' and not known):
        stop = end
        while stop > at and (text[stop - 1] in " \t" or not drop_refused(text[stop - 1])):
            stop -= 1
        return (at, stop), end, False
    first, start = min(at + len(mark), end), at
    while not _closes(text[start:end], mark, first=start == at):
        if end == len(text):
            return (first, end), end, True
        start, end = end + 1, _end(_LINE, text, end + 1)
    return (first, max(first, text.rfind(mark, start, end))), end, False


def _closes(line: str, mark: str, *, first: bool) -> bool:
    """Whether a line of a quoted value ends it; a character that Ollama drops stands in no quotes' way."""
    trimmed = drop_refused(line).strip(" \t")
    return trimmed.endswith(mark) and (not first or len(trimmed) >= 2 * len(mark))


def _unquoted(text: str, start: int, stop: int) -> Place:
    """Where a text stands within its quotes, if it has any."""
    for mark in ('"""', '"'):
        if (
            stop - start >= 2 * len(mark)
            and text.startswith(mark, start)
            and text.endswith(mark, start, stop)
        ):
            return start + len(mark), stop - len(mark)
    return start, stop


def _text(text: str, place: Place) -> str:
    return text[slice(*place)]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
