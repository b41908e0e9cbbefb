"""How far a text is from one of which only the shape is known: bounds of Levenshtein's distance.

A shape has the text's marks and spaces as they are and a number for each word. Of a word it is known how
long it is, which characters occur in it, and the start of its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

PIECES = re.compile(r"[A-Za-z0-9_]+|[^A-Za-z0-9_]", re.DOTALL)
"""Words, and single characters of every other kind."""
_DIGEST = 8


@dataclass(frozen=True)
class Piece:
    """A word or a single character. key: equal for equal pieces; characters: those that occur in it."""

    key: str
    length: int
    characters: frozenset[str]


def shape_of(text: str, words: dict[str, int]) -> str:
    """The shape of a text. words: the numbers of the words so far; new ones are added."""
    return PIECES.sub(lambda m: m[0] if m[0][-1:] not in _WORD else str(_number(m[0], words)), text)


def row_of(word: str) -> str:
    """What is known of a word: digest, length and characters."""
    return f"{_key(word)} {len(word)} {''.join(sorted(set(word)))}"


def read_shape(shape: str, rows: Sequence[str]) -> tuple[Piece, ...]:
    """The pieces of a shape; rows: of the words, by their numbers."""
    return tuple(
        _row(rows[int(part)]) if part.isdigit() else Piece(part, 1, frozenset(part))
        for part in PIECES.findall(shape)
    )


def pieces_of(text: str) -> tuple[Piece, ...]:
    """The pieces of a text."""
    return tuple(
        Piece(_key(part) if part[-1:] in _WORD else part, len(part), frozenset(part))
        for part in PIECES.findall(text)
    )


def most(text: Sequence[Piece], known: Sequence[Piece]) -> int:
    """An upper bound: whole pieces are taken away, added or exchanged."""
    text, known = _middle(text, known)
    row = [0]
    for piece in known:
        row.append(row[-1] + piece.length)
    for one in text:
        diagonal, row[0] = row[0], row[0] + one.length
        for j, other in enumerate(known, 1):
            exchanged = diagonal + (0 if one.key == other.key else max(one.length, other.length))
            diagonal = row[j]
            row[j] = min(exchanged, diagonal + one.length, row[j - 1] + other.length)
    return row[-1]


def least(text: str, known: Sequence[Piece], limit: int) -> int:
    """A lower bound, `limit` where it is no less: each place of a word may be any of its characters."""
    places = list(chain.from_iterable([piece.characters] * piece.length for piece in known))
    size = len(places)
    if abs(len(text) - size) >= limit:
        return limit
    beyond = limit + 1
    row = [j if j <= limit else beyond for j in range(size + 1)]
    for i, char in enumerate(text, 1):
        low, high = max(1, i - limit), min(size, i + limit)
        diagonal = row[low - 1]
        row[low - 1] = i if low == 1 and i <= limit else beyond
        best = row[low - 1]
        for j in range(low, high + 1):
            cost = diagonal if char in places[j - 1] else diagonal + 1
            diagonal = row[j]
            if diagonal < cost:
                cost = diagonal + 1
            if row[j - 1] < cost - 1:
                cost = row[j - 1] + 1
            row[j] = cost
            if cost < best:
                best = cost
        if best >= limit:
            return limit
    return min(row[size], limit)


def _middle(one: Sequence[Piece], other: Sequence[Piece]) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """Both without what they begin and end with alike, which changes no distance."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i].key != other[i].key), shorter)
    one, other = one[start:], other[start:]
    shorter = min(len(one), len(other))
    end = next((i for i in range(shorter) if one[-1 - i].key != other[-1 - i].key), shorter)
    return one[: len(one) - end], other[: len(other) - end]


_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


def _number(word: str, words: dict[str, int]) -> int:
    return words.setdefault(word, len(words))


@lru_cache(maxsize=4096)
def _key(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:_DIGEST]


@lru_cache(maxsize=1024)
def _row(row: str) -> Piece:
    key, length, characters = row.split(" ")
    return Piece(key, int(length), frozenset(characters))
