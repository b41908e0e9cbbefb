"""How a reply is cut into tokens, so that the last few of them say where in the reply it is.

Special tokens are tokens. The text between them is cut into pieces of the wanted size; where the same eight
tokens would stand at two places, a piece is made longer.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Sequence

from ..core.errors import UsageError

SEEN = 8
"""How many tokens the parrot looks at: the last one and seven before it."""

ATTEMPTS = 60  # ways to cut that are tried; the first or second does for all but texts made to fail


class UnsayableError(UsageError):
    """No way to cut this reply tells all of its places apart."""


def cut(text: str, special: Collection[str], size: int, ends: Sequence[str] = ()) -> tuple[str, ...]:
    """The texts of a reply's tokens, in order.

    special: texts that are one token wherever they stand; the longest counts. size: characters in a piece of
    ordinary text. ends: how the prompts end that the reply may answer. Raises UnsayableError where the
    places of the text cannot be told apart.
    """
    for marked in (False, True):
        for attempt in range(ATTEMPTS):
            luck = random.Random(attempt) if attempt else None  # noqa: S311 -- nothing secret
            tokens = _cut(segments(text, special), size, luck)
            if contexts(tokens, ends, marked=marked) is not None:
                return tokens
    raise UnsayableError(
        f"this reply cannot be written token by token, as it repeats itself too often: {text[:60]!r}",
        help="make the reply shorter, or its parts less alike",
    )


def contexts(tokens: Sequence[str], ends: Sequence[str] = (), *, marked: bool = False) -> list[int] | None:
    """How many of the last tokens tell each place from all others; None where eight do not.

    Places within the first seven tokens may share all their tokens with a later one, which is then told
    by more of them. ends: how prompts end. No context may be the end of one of them,
    nor begin in it and go on into the reply, or the reply would begin at another place.
    marked: the ends themselves are known by eight tokens, more than any context that is also one of them.
    """
    counts = [Counter(_behind(tokens, i, k) for i in range(k - 1, len(tokens))) for k in range(1, SEEN + 1)]
    found = []
    for i in range(len(tokens)):
        longest = min(SEEN, i + 1)
        enough = [
            k
            for k in range(1, longest + 1)
            if counts[k - 1][_behind(tokens, i, k)] == 1 or (k == i + 1 and k < SEEN)
        ]
        first = 0 if marked else -1
        enough = [k for k in enough if not _begins_before(_behind(tokens, i, k), i, tokens, ends, first)]
        if not enough:
            return None
        found.append(enough[0])
    return found


def _behind(tokens: Sequence[str], i: int, count: int) -> tuple[str, ...]:
    """The last tokens up to place i."""
    return tuple(tokens[i - count + 1 : i + 1])


def _begins_before(
    context: Sequence[str], place: int, tokens: Sequence[str], ends: Sequence[str], first: int
) -> bool:
    """Whether the context is also there at another place near the beginning.

    first: the first place that counts; -1 is the prompt's end. Texts are compared, so that it does not matter
    what tokens the prompt has.
    """
    text = "".join(context)
    for other in range(first, min(SEEN, len(tokens))):
        start = "".join(tokens[: other + 1])
        if other != place and len(text) > len(start) and any((end + start).endswith(text) for end in ends):
            return True
    return False


def segments(text: str, special: Collection[str]) -> list[tuple[str, bool]]:
    """The text in parts: special tokens (True) and what stands between."""
    if not special:
        return [(text, False)] if text else []
    known = sorted(special, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, known))})", text)
    return [(part, n % 2 == 1) for n, part in enumerate(parts) if part]


def _cut(segments: Sequence[tuple[str, bool]], size: int, luck: random.Random | None) -> tuple[str, ...]:
    """One way to cut; luck: None for pieces of the wanted size, else some are a little longer."""
    tokens: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for text, whole in segments:
        at = 0
        while at < len(text):
            end = len(text) if whole else at + size + (luck.randrange(4) if luck else 0)
            context = _context(tokens, text[at:end])
            while len(context) == SEEN and context in seen and end < len(text):
                end += 1
                context = _context(tokens, text[at:end])
            seen.add(context)
            tokens.append(text[at:end])
            at = end
    return tuple(tokens)


def _context(tokens: Sequence[str], token: str) -> tuple[str, ...]:
    return (*tokens[-SEEN + 1 :], token)
