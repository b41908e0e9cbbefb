"""Which findings are wanted: `--select`, `--ignore`, and what a project ignores in some of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy

from ..core import codes
from ..core.errors import UsageError
from ..project.patterns import Patterns

_PREFIX = re.compile(r"MK\d{0,2}", re.IGNORECASE)
ALL = ("MK",)


class Choice:
    """Codes that are selected and codes that are ignored; of two words the longer one decides.

    select, ignore: codes (of today or the past), names, groups, or beginnings as `MK1` and `MK`.
    per_file: for patterns of paths, what is ignored there as well, whatever is selected.
    Raises UsageError for a word that no code begins with.

        >>> Choice(select=["MK1"], ignore=["unknown-parameter"]).wants("MK110")
        False
        >>> Choice(select=["MK110"], ignore=["MK1"]).wants("MK110")
        True
    """

    def __init__(
        self,
        select: Iterable[str] = ALL,
        ignore: Iterable[str] = (),
        per_file: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._select = _starts(select)
        self._ignore = _starts(ignore)
        self._never: tuple[str, ...] = ()
        self._per_file = [(Patterns([p]), _starts(words)) for p, words in (per_file or {}).items()]

    def for_file(self, parts: Sequence[str]) -> Choice:
        """The choice for one file. parts: of its path, from the folder that the patterns start from."""
        never = [start for patterns, starts in self._per_file if patterns.cover(parts) for start in starts]
        if not never:
            return self
        chosen = copy(self)
        chosen._never = tuple(never)
        return chosen

    def wants(self, code: str, rule: str = "") -> bool:
        """Whether a finding of this code is wanted. rule: the code of the rule or group that found it."""
        both = (code, rule or code)
        return not _length(self._never, both) and _length(self._select, both) > _length(self._ignore, both)


def _length(starts: Iterable[str], codes_: tuple[str, ...]) -> int:
    """Of the longest word that one of the codes begins with, 0 for none."""
    return max((len(s) for s in starts if any(code.startswith(s) for code in codes_)), default=0)


def _starts(words: Iterable[str]) -> tuple[str, ...]:
    """Codes and beginnings of codes that words mean; a word may be several with commas."""
    return tuple(start for given in words for word in given.split(",") for start in _meant(word.strip()))


def _meant(word: str) -> tuple[str, ...]:
    if not word or (_PREFIX.fullmatch(word) and _exists(word.upper())):
        return (word.upper(),) if word else ()
    about = codes.find(word)
    if about is None:
        raise UsageError(f"no code {word!r}", help=_suggestion(word))
    return (*(codes.current(word.upper()) or (about.code,)), *about.members)


def _exists(start: str) -> bool:
    return start in ALL or any(about.code.startswith(start) for about in codes.all_codes())


def _suggestion(word: str) -> str:
    near = codes.suggestion(word)
    return f"{near}expected a code such as MK110, a name such as bos-twice, or a beginning such as MK1"


EVERYTHING = Choice()
