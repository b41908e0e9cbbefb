"""Text from outside, as it is shown: what a terminal, a log or a reader would obey becomes an escape.

Names, tokens, keys, paths, source lines and the answers of servers come from files and programs that nobody
has checked. Every output format shows them by this one function. What is asked for as data (a prompt, a
TEMPLATE) is not shown but written, and stays exact in a pipe.

Shown as escapes are control characters (C0, DEL, C1), everything that changes the direction of text, the
characters that nobody sees (Unicode's Default_Ignorable_Code_Point), separators of lines and paragraphs,
surrogates, and what is no character. A line that a CI service would take for a command is broken up: GitHub's
runner obeys lines that begin with `::` and the first `##[…]` of any line, Azure's `##vso[…]`, TeamCity's
`##teamcity[…]`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# Ranges, not the categories of the running Python: the same text looks the same everywhere.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, direction
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
)
MAX_WORD = 1_000
"""Characters of a word of a message; the longest path of most systems has four times as many."""
MAX_MESSAGE = 20_000
"""Characters of a whole message."""
# What follows a word's beginning is read to its end at once, so that no place of it is tried twice.
_LONG_WORD = re.compile(rf"(?<!\S)(\S{{200}})(?=\S{{{MAX_WORD - 199}}})\S*?([^\w\s]{{0,3}})(?!\S)")
_IN_LINES = re.compile(f"[{_HIDDEN}]")
_IN_ONE_LINE = re.compile(f"[\t\n{_HIDDEN}]")
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_JOINER, _SELECTORS = "\u200d", "\ufe0e\ufe0f"
_OF_SIGNS = _JOINER + _SELECTORS


def shown(text: str, *, lines: bool = False) -> str:
    """The text with escapes (`\\x1b`, `\\u202e`) in the place of what must not reach a reader.

    lines: newlines and tabs stay; without it, the text stays on one line. Showing it twice changes nothing.
    """
    if text.isascii() and text.isprintable() and ":" not in text and "#" not in text:
        return text
    text = (_IN_LINES if lines else _IN_ONE_LINE).sub(_escape, text)
    return _COMMAND.sub(lambda m: f"{m[1]}\\x3a" if m[1] is not None else "\\x23", text)


def bounded(text: str) -> str:
    """A message in which foreign words are not repeated without end: `aaaa… (900,000 characters)`.

    Words of more than `MAX_WORD` characters lose their ends, but for the marks that stand there (a quote, a
    stop), and a message of more than `MAX_MESSAGE` its own. Bounding it twice changes nothing.
    """
    if len(text) <= MAX_WORD:
        return text
    text = _LONG_WORD.sub(lambda m: f"{m[1]}… ({len(m[0]):,} characters){m[2]}", text)
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[: MAX_MESSAGE - 100]}… ({len(text):,} characters)"


def invisible(text: str) -> list[str]:
    """The characters of a text that nobody sees or that turn its direction, each once, in their order.

    Control characters are left out: lines end with them. What only says how a sign such as ❤️ is drawn, too.
    """
    found = (m[0] for m in _IN_LINES.finditer(text) if not _drawn(m))
    return [c for c in dict.fromkeys(found) if c > "\x9f" and not "\ud800" <= c <= "\udfff"]


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON whose texts are exact, with JSON's own escapes in the place of what must not reach a reader."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # Outside of its texts JSON has none of these characters, and it writes newlines in escapes.
    text = _IN_LINES.sub(lambda m: _json_escape(m[0]), text)
    return re.sub(r"#(?=#\w*\[)", "\\\\u0023", text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if _drawn(found):
        return character
    number = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _drawn(found: re.Match[str]) -> bool:
    return found[0] in _OF_SIGNS and _part_of_sign(found.string, found.start())


def _part_of_sign(text: str, place: int) -> bool:
    """Whether a selector or joiner only says how signs such as ❤️ are drawn."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if text[place] != _JOINER:
        return _is_sign(before)
    if before in (*_SELECTORS, ""):
        before = text[max(place - 2, 0) : max(place - 1, 0)]
    return _is_sign(before) and _is_sign(after)


def _is_sign(character: str) -> bool:
    # Sk: the colours of skin
    return character > "\x7f" and unicodedata.category(character) in ("So", "Sm", "Sk", "Po")


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n] << 8 | units[n + 1]:04x}" for n in range(0, len(units), 2))
