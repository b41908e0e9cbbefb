"""Where two prompts differ, cut along tokens, words and newlines: the material that causes are read from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..core.few_edits import Edit, few_edits
from ..ollama.special_tokens import TOKEN_LIKE

# Beyond this many pieces between the first and the last difference common parts are looked for only as far as
# the prompts differ in few places (`core.few_edits`); else the whole is one hunk.
MAX_PIECES = 600
# Characters of common text kept before and after a hunk.
CONTEXT = 80

# `[img-0]` stands for an image.
_PIECE = re.compile(rf"{TOKEN_LIKE.pattern}|\[img-\d+\]|\r\n|\n|[^\S\n]+|\w+|.", re.DOTALL)


@dataclass(frozen=True)
class Hunk:
    """One place where two prompts differ.

    extra: what only the prompt has; missing: what only the reference has; before, after: the common text
    around it; at_start, at_end: whether nothing common comes before or after.
    """

    extra: str
    missing: str
    before: str
    after: str
    at_start: bool
    at_end: bool


def hunks(prompt: str, reference: str) -> list[Hunk]:
    """The differences of two prompts in order; empty if they are equal."""
    a, b = _PIECE.findall(prompt), _PIECE.findall(reference)
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    found = []
    for i1, i2, j1, j2 in _opcodes(middle_a, middle_b):
        before, after = a[: start + i1], a[start + i2 :]
        found.append(
            Hunk(
                extra="".join(middle_a[i1:i2]),
                missing="".join(middle_b[j1:j2]),
                before="".join(before[-CONTEXT:])[-CONTEXT:],
                after="".join(after[:CONTEXT])[:CONTEXT],
                at_start=not before,
                at_end=not after,
            )
        )
    return found


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def _opcodes(a: Sequence[str], b: Sequence[str]) -> list[Edit]:
    if not a and not b:
        return []
    if len(a) > MAX_PIECES or len(b) > MAX_PIECES:
        return few_edits(a, b) or [(0, len(a), 0, len(b))]
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
