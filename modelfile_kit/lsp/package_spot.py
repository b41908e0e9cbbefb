"""Where the cursor is in a mkmodelfile.yaml, half-typed or not: at a key or a value, and under which keys.

`package.bounded_yaml` reads what is whole; this reader goes by indentation, and refuses nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .answers import Place
from .document_text import DocumentText

# A line: its indentation, the dashes of a list, and what follows them; and a key with its colon.
LINE = re.compile(r"(?P<indent>[ \t]*)(?P<dash>(?:- +)*)(?P<rest>.*)", re.DOTALL)
KEY = re.compile(r"(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')[ \t]*:(?=[ \t]|\Z)")
# Lines above the cursor that are looked at for the key that it is under.
MAX_LINES_ABOVE = 2_000


class Spot(NamedTuple):
    """Where the cursor is in a package file.

    above: the keys that it is under; key: whose value is written, "" where a key is; word: the place of what
    is written; typed: its text up to the cursor; siblings: the keys beside it.
    """

    above: tuple[str, ...]
    key: str
    word: Place
    typed: str
    siblings: frozenset[str]


def spot_at(text: str, offset: int, *, whole: bool = False) -> Spot:
    """Where an index is; whole: what is written behind it counts too, as for a hover."""
    lines = DocumentText(text)
    number = lines.position(offset)[0]
    start, end = lines.line_range(number)
    parts = LINE.match(text, start, end)
    assert parts is not None
    at = parts.start("rest")
    above, siblings = _above(lines, number, len(parts["indent"]), at - start)
    key = KEY.match(text, at, end)
    flow = _flow(text, key.end() if key else at, offset)
    if flow is not None:
        return _flow_spot(text, flow, offset, end, (*above, _name(key)) if key else above)
    if key and offset >= key.end():
        return _value_spot(text, (key.end(), end), offset, above, _name(key), siblings)
    if key is None and parts["dash"] and above[-1:] in (("adapters",), ("stop",)):
        return _value_spot(text, (at, end), offset, above[:-1], above[-1], siblings)
    word = (at, key.end("key")) if key else (at, end if whole else max(at, offset))
    if not word[0] <= offset <= word[1]:
        word = (offset, offset)
    return Spot(above, "", word, text[word[0] : offset], siblings)


def _name(key: re.Match[str]) -> str:
    return key["key"].strip("\"'")


def _value_spot(
    text: str, place: Place, offset: int, above: tuple[str, ...], key: str, siblings: frozenset[str]
) -> Spot:
    value = _value_place(text, *place, offset)
    return Spot(above, key, value, text[value[0] : offset].lstrip("\"'"), siblings)


def _value_place(text: str, start: int, end: int, offset: int) -> Place:
    """Where the value of a line stands, without a comment behind it; where there is none, at the cursor."""
    comment = re.compile(r"(?:^|[ \t])#").search(text, start, end)
    stop = comment.start() if comment else end
    part = text[start:stop]
    first = start + len(part) - len(part.lstrip())
    last = start + len(part.rstrip())
    return (first, last) if first <= offset <= last and first < last else (offset, offset)


def _flow(text: str, start: int, offset: int) -> int | None:
    """Where the innermost `{` opens that is not closed before the cursor, None where there is none."""
    opened: list[int] = []
    quote = ""
    for at in range(start, offset):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            opened.append(at)
        elif character == "}" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _flow_spot(text: str, opening: int, offset: int, end: int, above: tuple[str, ...]) -> Spot:
    """The place within `{a: 1, b: 2}`."""
    entry = opening + 1 + text[opening + 1 : offset].rfind(",") + 1
    ends = [at for at in (text.find(mark, offset, end) for mark in ",}") if at >= 0]
    key, colon, value = text[entry : min(ends, default=end)].partition(":")
    siblings = frozenset(re.findall(r"(?<![\w.-])([\w.-]+)[ \t]*:", text[opening + 1 : end])) - {key.strip()}
    start, written = (entry + len(key) + 1, value) if colon and offset > entry + len(key) else (entry, key)
    first = start + len(written) - len(written.lstrip())
    place = first, start + len(written.rstrip())
    if not place[0] <= offset <= place[1]:
        place = (offset, offset)
    return Spot(above, key.strip() if written is not key else "", place, text[place[0] : offset], siblings)


def _above(
    lines: DocumentText, number: int, indent: int, column: int
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The keys that a line stands under, by indentation, and those beside it.

    indent: of the line; column: of what follows its dashes.
    """
    found: list[str] = []
    siblings: set[str] = set()
    in_item, beside = indent < column, indent == column
    top = column == 0
    for above in range(number - 1, max(-1, number - 1 - MAX_LINES_ABOVE), -1):
        start, end = lines.line_range(above)
        parts = LINE.match(lines.text, start, end)
        key = KEY.match(lines.text, parts.start("rest"), end) if parts else None
        if parts is None or key is None:
            continue
        name, its_indent = key["key"].strip("\"'"), len(parts["indent"])
        its_column, dashed = its_indent + len(parts["dash"]), bool(parts["dash"])
        if its_column == column:
            if beside:
                siblings.add(name)
            if beside and dashed:  # the entry of the list begins here
                beside, in_item, indent = False, True, its_indent
        # A list may stand right under its key, without more indentation.
        elif its_column < column and (its_indent < indent or (in_item and not dashed)):
            found.insert(0, name)
            beside, in_item, indent, column = False, dashed, its_indent, its_column
        if not top and column == 0:
            break
    return tuple(found), frozenset(siblings | _keys_below(lines, number) if top else siblings)


def _keys_below(lines: DocumentText, number: int) -> set[str]:
    """The outermost keys behind a line."""
    found = set()
    for below in range(number + 1, min(len(lines.starts), number + MAX_LINES_ABOVE)):
        start, end = lines.line_range(below)
        key = KEY.match(lines.text, start, end)
        if key:
            found.add(key["key"].strip("\"'"))
    return found
