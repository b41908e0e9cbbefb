"""Which files a FROM or DRAFT with `*`, `?` or `[…]` names (Ollama 0.34.1 and later).

The rules are those of Go's path/filepath (Match and Glob) on Linux and macOS, which Ollama asks with the
whole path (parser/parser.go, expandPaths). So a pattern also counts in the folder that the Modelfile is in,
a hidden file is found as any other, and what matches no file is a plain path again.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_META = re.compile(r"[*?\[\\]")
_CLASS = re.compile(r"\[(?:(\^)|(?!\^))((?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+)\]", re.DOTALL)
_RANGE = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


class PatternError(ValueError):
    """Go's "syntax error in pattern"."""


def is_pattern(path: str) -> bool:
    """Whether the text has a character that is special in a pattern."""
    return _META.search(path) is not None


def files_of(path: str | Path) -> list[Path]:
    """The files and folders that a path names, in the order of Ollama; the path itself where it is none.

    Raises PatternError where Ollama refuses the pattern, even if a file of that name exists.
    """
    whole = os.path.abspath(path)  # noqa: PTH100 Path.resolve would follow links, which Go does not
    return [Path(found) for found in _glob(whole)] or [Path(whole)]


def is_malformed(pattern: str) -> bool:
    """Whether Ollama refuses the pattern before it looks for files (it reads as far as the first star)."""
    try:
        _matches(_pieces(pattern), "")
    except PatternError:
        return True
    return False


def misread(path: str | Path) -> str:
    """What Ollama 0.34.1 and later make of the path of one file: "" for that file, else a sentence's end."""
    try:
        found = files_of(path)
    except PatternError:
        return "refuse it (`syntax error in pattern`)"
    if found == [Path(os.path.abspath(path))]:  # noqa: PTH100 as above
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"read it as a pattern and take {found[0].name}{more}"


def _glob(pattern: str) -> list[str]:
    _matches(_pieces(pattern), "")  # Go looks at the pattern first: only so far as its first star
    if not is_pattern(pattern):
        return [pattern] if os.path.lexists(pattern) else []
    folder, _, last = pattern.rpartition("/")
    pieces = _pieces(last)
    found = []
    for each in _glob(folder) if is_pattern(folder) else [folder]:
        try:
            names = sorted(os.listdir(each or "/"), key=os.fsencode)  # noqa: PTH208 names, not paths
        except OSError:
            continue
        found += [f"{each}/{name}" for name in names if _matches(pieces, name)]
    return found


@dataclass(frozen=True)
class _Piece:
    """A part of a pattern up to the next star.

    star: whether one stands before it; text: as written; expression: None where it is malformed, which Go
    finds only if it gets there.
    """

    star: bool
    text: str
    expression: re.Pattern[str] | None

    def rest(self, name: str, at: int) -> int | None:
        """Where the name goes on behind this piece, None where it does not fit there."""
        if self.expression is None:
            raise PatternError(f"{self.text!r} is no sound pattern")
        found = self.expression.match(name, at)
        return found.end() if found else None


def _matches(pieces: list[_Piece], name: str) -> bool:
    at = 0
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        if piece.star and not piece.text:
            return "/" not in name[at:]
        for start in range(at, len(name) + 1):
            end = piece.rest(name, start)
            if end is not None and (end == len(name) or not last):
                at = end
                break
            if not piece.star or name[start : start + 1] in ("", "/"):
                return False
    return at == len(name)


def _pieces(pattern: str) -> list[_Piece]:
    pieces = []
    while pattern:
        rest = pattern.lstrip("*")
        end = _end(rest)
        pieces.append(_Piece(rest != pattern, rest[:end], _expression(rest[:end])))
        pattern = rest[end:]
    return pieces


def _end(pattern: str) -> int:
    """Where the next star stands that is not in a set."""
    at, inside = 0, False
    while at < len(pattern):
        character = pattern[at]
        if character == "*" and not inside:
            return at
        inside = character == "[" or (inside and character != "]")
        at += 2 if character == "\\" else 1
    return len(pattern)


def _expression(piece: str) -> re.Pattern[str] | None:
    out, at = [], 0
    while at < len(piece):
        character = piece[at]
        found = None
        if character == "?":
            out.append("[^/]")
        elif character == "[":
            found = _CLASS.match(piece, at)
            if not found:
                return None
            out.append(_set(found[2], negated=bool(found[1])))
        elif character == "\\":
            at += 1
            if at == len(piece):
                return None
            out.append(re.escape(piece[at]))
        else:
            out.append(re.escape(character))
        at = found.end() if found else at + 1
    return re.compile("".join(out), re.DOTALL)


def _set(inner: str, *, negated: bool) -> str:
    ranges = ((r[1], r[2] or r[1]) for r in _RANGE.finditer(inner))
    parts = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    if not parts:  # z-a holds nothing
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{parts}]"
