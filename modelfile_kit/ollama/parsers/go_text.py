"""Strings as Go's parsers see them: bytes, cut at any place, with white space in the sense of Unicode.

A piece of a reply may end in the middle of a character, and Ollama's parsers cut and compare bytes. So the
parsers of this folder hold bytes; `encode` and `decode` are the way in and out, and bytes that are no UTF-8
travel as surrogate escapes. White space is Go's `unicode.IsSpace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The characters of unicode.IsSpace in UTF-8.
_SPACE = (
    rb"(?:[\t\n\v\f\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80"
    rb"|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)"
)
_SPACES = re.compile(_SPACE + rb"*")
_FIRST_SPACE = re.compile(_SPACE)
# The ends of white space, longest first: how far `trim_right` has to look back.
_LAST_BYTES = frozenset(b"\t\n\v\f\r \x85\xa0\x80\x81\x82\x83\x84\x86\x87\x88\x89\x8a\xa8\xa9\xaf\x9f")
_NO_ESCAPES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def encode(text: str) -> bytes:
    """The bytes of a text; surrogate escapes are the bytes that they stand for, others U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _NO_ESCAPES.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """The text of bytes; what is no UTF-8 becomes surrogate escapes, so that nothing is lost."""
    return data.decode("utf-8", "surrogateescape")


def joined(parts: Iterable[str]) -> str:
    """Pieces as one text; a character whose bytes came in two pieces is whole again."""
    return decode(b"".join(map(encode, parts)))


def as_json_text(data: bytes) -> str:
    """The text that a client gets: JSON carries no broken UTF-8, so each such byte becomes U+FFFD."""
    return without_surrogates(decode(data))


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for every surrogate, as encoding/json reads and writes it."""
    return _SURROGATES.sub("\ufffd", text)


def trim_left(data: bytes) -> bytes:
    """strings.TrimLeftFunc(data, unicode.IsSpace)."""
    found = _SPACES.match(data)
    return data[found.end() :] if found else data


def trim_right(data: bytes) -> bytes:
    """strings.TrimRightFunc(data, unicode.IsSpace)."""
    return data[: len(data) - trailing_space(data)]


def trim(data: bytes) -> bytes:
    """strings.TrimSpace."""
    return trim_right(trim_left(data))


def trailing_space(data: bytes) -> int:
    """How many bytes of white space the data ends with."""
    end = len(data)
    while end and data[end - 1] in _LAST_BYTES:
        size = next((n for n in (1, 2, 3) if _is_space(data[max(0, end - n) : end])), 0)
        if not size:
            break
        end -= size
    return len(data) - end


def _is_space(char: bytes) -> bool:
    return _FIRST_SPACE.fullmatch(char) is not None


def find_space(data: bytes) -> int:
    """The place of the first white space, -1 where there is none."""
    found = _FIRST_SPACE.search(data)
    return found.start() if found else -1


def skip_space(data: bytes, at: int) -> int:
    """The first place from `at` on that is no white space."""
    found = _SPACES.match(data, at)
    return found.end() if found else at


def words(data: bytes) -> list[bytes]:
    """strings.Fields: what stands between white space."""
    return [word for word in _FIRST_SPACE.split(data) if word]


def overlap(data: bytes, tag: bytes) -> int:
    """Length of the longest end of the data that a tag begins with."""
    return next((n for n in range(min(len(data), len(tag)), 0, -1) if data.endswith(tag[:n])), 0)


def hold_back(data: bytes, *tags: bytes) -> tuple[bytes, bytes]:
    """What can be given out, and what has to wait.

    What may be the beginning of a tag waits, and with it the white space before it.
    """
    end = len(data) - max((overlap(data, tag) for tag in tags), default=0)
    end -= trailing_space(data[:end])
    return data[:end], data[end:]


def split_at(data: bytes, tag: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind the first tag, without the white space next to the tag."""
    before, _, after = data.partition(tag)
    return trim_right(before), trim_left(after)
