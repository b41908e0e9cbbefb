"""Why one text gets other tokens with llama.cpp than with the model's own tokenizer.

A text is made as small as it can be with a difference left; the cause is then the first step of tokenizing
whose effect makes the difference go away.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .both_tokenizers import BothTokenizers
from .compare import Token, first_difference
from .stress import MERGES, NORMALIZER, PRE_TOKENIZER, SPECIAL, shrink

STRIPPED, PREFIX, BYTES = "spaces beside special tokens", "space before the text", "byte fallback"
WHOLE = "whole pieces"
MOVED, DUPLICATE, UNUSED = "token ids", "duplicate tokens", "unused tokens"

MAX_PER_TEXT = 6
"""Differences that are looked for in one text."""

MAX_SMALL = 60
"""Small texts that are looked for in all; a vocabulary that is wrong everywhere has thousands."""

_NOT_WORDS = ("byte", "unknown")


@dataclass(frozen=True)
class TokenCause:
    """One difference.

    name: one of the constants here and in `stress`; detail: what it is about (a form of Unicode, a special
    token), "" for nothing more; text: the smallest text that has it; ours, theirs: its tokens with llama.cpp
    and of the model's own tokenizer.
    """

    name: str
    detail: str
    text: str
    ours: tuple[Token, ...]
    theirs: tuple[Token, ...]


class CauseFinder:
    """Finds causes, and remembers the small texts that it has found."""

    def __init__(self, both: BothTokenizers) -> None:
        self.both = both
        self.known: dict[str, TokenCause] = {}

    def causes(self, text: str) -> list[TokenCause]:
        """The causes for which a text gets other tokens; at most `MAX_PER_TEXT` new ones.

        Once `MAX_SMALL` small texts are known, a text without one of them shows itself, whole.
        """
        found = []
        for small in sorted(self.known, key=lambda t: (-len(t), t)):
            if small in text and self.both.differ(text):
                found.append(self.known[small])
                text = text.replace(small, " ")
        for _ in range(MAX_PER_TEXT):
            if not self.both.differ(text):
                break
            if len(self.known) >= MAX_SMALL:
                return found or [self.cause(text)]
            small = shrink(text, self.both.differ)
            self.known[small] = cause = self.cause(small)
            found.append(cause)
            if small == " ":
                break  # cannot be taken out
            text = text.replace(small, " ")
        return found

    def cause(self, text: str) -> TokenCause:
        """The cause of a text that differs and has no smaller part that does."""
        [ours], [theirs] = self.both.ours([text]), self.both.theirs([text])
        shown = self.both.our_tokens(ours), self.both.their_tokens(theirs)
        name, detail = next(self._explained(text, ours, theirs, *shown))
        return TokenCause(name, detail, text, *shown)

    def _explained(
        self, text: str, a: list[int], b: list[int], ours: tuple[Token, ...], theirs: tuple[Token, ...]
    ) -> Iterator[tuple[str, str]]:
        both = self.both
        normal = both.reference.normalize_many([text])[0].replace("▁", " ")
        if normal.strip() != text.strip() and not both.differ(normal):
            yield NORMALIZER, _form(text, normal) or ", ".join(both.reference.facts.normalizer)
        stripped, token = self._without_spaces(text)
        if stripped != text and both.ours([stripped]) == [b]:
            yield STRIPPED, token
        for special in both.special_in(text):
            [here], [there] = both.ours([special]), both.theirs([special])
            if (len(here) == 1) != (len(there) == 1):
                yield SPECIAL, special
        at = first_difference(a, b)
        assert at is not None  # the text differs
        if at < len(ours) and at < len(theirs):
            yield from self._by_tokens(ours[at], theirs[at])
        if both.vocabulary.model == "llama":
            rest = ["".join(t.text for t in tokens[at:]) for tokens in (ours, theirs)]
            if rest[0] != rest[1] and rest[0].lstrip(" ") == rest[1].lstrip(" "):
                yield PREFIX, ""
        if both.cut_otherwise(normal):
            yield PRE_TOKENIZER, both.vocabulary.pre
        if both.keep_otherwise and (len(ours) == 1) != (len(theirs) == 1):
            yield WHOLE, "llama.cpp" if len(ours) == 1 else "the model's tokenizer"
        yield MERGES, ""

    def _by_tokens(self, ours: Token, theirs: Token) -> Iterator[tuple[str, str]]:
        """What the first two tokens that differ say."""
        both = self.both
        kinds = both.our_kind(ours.id), both.their_kind(theirs.id)
        if ours.text == theirs.text and "\ufffd" not in ours.text and not set(kinds) & set(_NOT_WORDS):
            texts = both.reference.vocabulary.texts
            twice = ours.id < len(texts) and texts[ours.id] == texts[theirs.id]
            yield (DUPLICATE if twice else MOVED), ours.text
        if "unused" in kinds and kinds[0] != kinds[1]:
            yield UNUSED, (ours if kinds[0] == "unused" else theirs).text
        if (kinds[0] in _NOT_WORDS) != (kinds[1] in _NOT_WORDS) or "unknown" in kinds:
            yield BYTES, ""

    def _without_spaces(self, text: str) -> tuple[str, str]:
        """A text without the spaces that special tokens take with them, and the first such token."""
        taken = ""
        for token in self.both.reference.facts.added:
            if not (token.lstrip or token.rstrip) or token.text not in text:
                continue
            parts = text.split(token.text)
            for n in range(len(parts)):
                if token.lstrip and n < len(parts) - 1:
                    parts[n] = parts[n].rstrip()
                if token.rstrip and n:
                    parts[n] = parts[n].lstrip()
            whole = token.text.join(parts)
            taken = taken or (token.text if whole != text else "")
            text = whole
        return text, taken


def _form(before: str, after: str) -> str:
    """The name of what a normalizer did, "" where it is none of the usual ones."""
    forms: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
    usual = next((form for form in forms if unicodedata.normalize(form, before) == after), "")
    return usual or ("lower case" if before.lower() == after else "")
