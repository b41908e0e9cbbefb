"""Patterns of paths, as .gitignore has them; those of the configuration are of the same kind.

Source of the rules: gitignore(5) and git's wildmatch.c. No regular expressions are made of them: a pattern
with twenty `*` that somebody else wrote would keep one busy for years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_POSIX: dict[str, Callable[[str], bool]] = {
    "alnum": lambda c: c.isascii() and c.isalnum(),
    "alpha": lambda c: c.isascii() and c.isalpha(),
    "blank": lambda c: c in " \t",
    "cntrl": lambda c: c < " " or c == "\x7f",
    "digit": lambda c: c.isascii() and c.isdigit(),
    "graph": lambda c: "!" <= c <= "~",
    "lower": lambda c: "a" <= c <= "z",
    "print": lambda c: " " <= c <= "~",
    "punct": lambda c: "!" <= c <= "~" and not c.isalnum(),
    "space": lambda c: c in " \t\n\r\v\f",
    "upper": lambda c: "A" <= c <= "Z",
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}
_Test = Callable[[str], bool]
_STAR = None  # any number of characters in a segment, or of segments in a path
_Segment = tuple[_Test | None, ...]
_Segments = tuple["_Segment | None", ...]


class _NothingMatchesError(Exception):
    """A pattern that matches nothing, as `[` or a single backslash at the end."""


@dataclass(frozen=True)
class Pattern:
    """One pattern: what it matches, whether it takes back (`!`), whether it means folders only."""

    text: str
    segments: _Segments
    negated: bool
    folders_only: bool

    def matches(self, parts: Sequence[str], *, is_folder: bool) -> bool:
        """Whether it means this path. parts: of the path, from the folder that the pattern is in."""
        if self.folders_only and not is_folder:
            return False
        return _matches(self.segments, parts, _matches_name)


class Patterns:
    """Several patterns, of which the last that matches decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.patterns = tuple(p for line in lines if (p := parse_pattern(line)) is not None)

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def decide(self, parts: Sequence[str], *, is_folder: bool) -> bool | None:
        """True: meant; False: taken back; None: no pattern says anything about this path."""
        for pattern in reversed(self.patterns):
            if pattern.matches(parts, is_folder=is_folder):
                return not pattern.negated
        return None

    def cover(self, parts: Sequence[str], *, is_folder: bool = False) -> bool:
        """Whether a path is meant, or a folder that it is in."""
        ends = range(1, len(parts) + 1)
        return any(self.decide(parts[:n], is_folder=is_folder or n < len(parts)) for n in ends)


@lru_cache(maxsize=1024)
def parse_pattern(line: str) -> Pattern | None:
    """A line of .gitignore; None for an empty line, a comment, and what matches nothing."""
    text = _without_end_spaces(line.rstrip("\n"))
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    rest = text[1:] if negated else text
    folders_only = rest.endswith("/")
    rest = rest.removesuffix("/")
    anchored = "/" in rest
    rest = rest.removeprefix("/")
    if not rest:
        return None
    try:
        segments = tuple(_STAR if s == "**" and anchored else _segment(s) for s in _split(rest))
    except _NothingMatchesError:
        return None
    if not anchored:
        segments = (_STAR, *segments)
    elif segments[-1] is _STAR:  # `folder/**` is what is in the folder, not the folder
        segments = (*segments, (_STAR,))
    return Pattern(text, segments, negated, folders_only)


def is_glob(name: str) -> bool:
    """Whether a name on a command line may be a pattern."""
    return any(c in name for c in "*?[")


def _without_end_spaces(line: str) -> str:
    line = line.removesuffix("\r")
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    return line


def _split(pattern: str) -> list[str]:
    """The segments between slashes; a slash in `[…]` is none of a class, so it ends the segment too."""
    return pattern.split("/")


def _segment(text: str) -> _Segment:
    """The tests that the characters of a name pass, one each, with `_STAR` for any number."""
    found: list[_Test | None] = []
    at = 0
    while at < len(text):
        c = text[at]
        at += 1
        if c == "*":
            if not found or found[-1] is not _STAR:
                found.append(_STAR)
        elif c == "?":
            found.append(_any)
        elif c == "[":
            test, at = _class(text, at)
            found.append(test)
        else:
            if c == "\\":
                if at == len(text):
                    raise _NothingMatchesError
                c = text[at]
                at += 1
            found.append(c.__eq__)
    return tuple(found)


def _any(_: str) -> bool:
    return True


def _class(text: str, at: int) -> tuple[_Test, int]:
    """The test of a `[…]` whose first character is at `at`, and where it ends."""
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    tests: list[_Test] = []
    first = True
    last = ""  # the character that a range may begin with
    while True:
        if at >= len(text):
            raise _NothingMatchesError
        c = text[at]
        if c == "]" and not first:
            return _one_of(tuple(tests), negated), at + 1
        first = False
        if text.startswith("[:", at) and (end := text.find(":]", at)) > 0:
            name = text[at + 2 : end]
            if name not in _POSIX:
                raise _NothingMatchesError
            tests.append(_POSIX[name])
            at, last = end + 2, ""
        elif c == "-" and last and at + 1 < len(text) and text[at + 1] != "]":
            high, at = _literal(text, at + 1)
            tests.append(_between(last, high))
            last = ""
        else:
            last, at = _literal(text, at)
            tests.append(last.__eq__)


def _literal(text: str, at: int) -> tuple[str, int]:
    if text[at] != "\\":
        return text[at], at + 1
    if at + 1 >= len(text):
        raise _NothingMatchesError
    return text[at + 1], at + 2


def _between(low: str, high: str) -> _Test:
    return lambda c: low <= c <= high


def _one_of(tests: tuple[_Test, ...], negated: bool) -> _Test:
    return lambda c: any(test(c) for test in tests) is not negated


def _matches_name(segment: _Segment, name: str) -> bool:
    return _matches(segment, name, _passes)


def _passes(test: _Test, c: str) -> bool:
    return test(c)


def _matches(pattern: Sequence, items: Sequence[str], one: Callable) -> bool:  # type: ignore[type-arg]
    """Whether items match a pattern of which every part but `_STAR` takes exactly one.

    After a star the shortest run is tried, then longer ones; an earlier star never has to be tried again.
    """
    p = i = 0
    star = mark = -1
    while i < len(items):
        if p < len(pattern) and pattern[p] is _STAR:
            star, mark = p, i
            p += 1
        elif p < len(pattern) and one(pattern[p], items[i]):
            p += 1
            i += 1
        elif star >= 0:
            mark += 1
            p, i = star + 1, mark
        else:
            return False
    return all(part is _STAR for part in pattern[p:])
