"""What every kind of tokenizer file becomes in the child process, and the bounds on it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...runtime.frames import Refused
from ..reference import KINDS, NO_TOKEN

# The largest known vocabulary has 262,144 tokens; what is beyond this is no tokenizer (CWE-770).
MAX_TOKENS = 2_000_000

MAX_FILE_BYTES = 256 * 1024 * 1024
"""Seven times the largest known tokenizer.json."""

UNREADABLE = "MK741"

_SURROGATE = re.compile("[\ud800-\udfff]")


class Loaded(Protocol):
    """A tokenizer that was loaded by the library for its kind of file."""

    def facts(self) -> dict[str, Any]:
        """As of `ReferenceFacts`, but for `files`."""
        ...

    def tokens(self) -> tuple[Sequence[str | None], Sequence[int]]:
        """Text and kind (a number of `KINDS`, `NO_TOKEN` for none) of every id."""
        ...

    def merges(self) -> Sequence[str] | None:
        """The merges in the order of their rank, None where the file has no such list."""
        ...

    def scores(self) -> Sequence[float] | None:
        """The score of every id, None where there are none."""
        ...

    def encode(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of a text."""
        ...

    def normalize(self, text: str) -> str:
        """The text as the normalizer leaves it."""
        ...

    def split(self, text: str) -> list[str]:
        """The pieces into which the pre-tokenizer cuts a text."""
        ...


def unreadable(what: str) -> Refused:
    """A file that is not what it should be: `what` says where and how."""
    return Refused(what, code=UNREADABLE)


def parsed_json(text: str, name: str = "") -> Any:
    """Plain values from JSON. name: of the file where it is not the tokenizer itself. Raises Refused."""
    before = f"{name}: " if name else ""
    try:
        return json.loads(text)
    except json.JSONDecodeError as e:
        raise unreadable(f"{before}broken JSON in line {e.lineno}, column {e.colno}: {e.msg}") from e
    except RecursionError as e:
        raise unreadable(f"{before}its JSON is nested too deeply") from e
    except ValueError as e:  # a number of more digits than Python converts
        raise unreadable(f"{before}its JSON cannot be read: {str(e).partition(';')[0]}") from e


def require_text(text: str, where: str) -> None:
    """Raises Refused for half of a pair of surrogates, which JSON can write and no library takes for text."""
    if _SURROGATE.search(text):
        raise unreadable(f"{where}: {text[:60]!r} is no text: it holds half of a pair of surrogates")


def listed(ids: Mapping[str, int], kinds: Mapping[int, int]) -> tuple[list[str | None], list[int]]:
    """Tokens by their ids. ids: by text; kinds: those that are not normal, by id.

    Raises Refused for an id that cannot be one.
    """
    if not ids:
        raise unreadable("its vocabulary is empty")
    highest = max(ids.values())
    if highest >= MAX_TOKENS or min(ids.values()) < 0:
        wrong = next(t for t, n in ids.items() if not 0 <= n < MAX_TOKENS)
        raise unreadable(
            f"token {wrong[:60]!r} has the id {ids[wrong]}; ids from 0 to {MAX_TOKENS:,} are possible"
        )
    texts: list[str | None] = [None] * (highest + 1)
    numbers = [NO_TOKEN] * (highest + 1)
    normal = KINDS.index("normal")
    for text, number in ids.items():
        if texts[number] is not None:
            raise unreadable(f"the tokens {texts[number]!r:.60} and {text!r:.60} have the same id {number}")
        texts[number], numbers[number] = text, kinds.get(number, normal)
    return texts, numbers
