"""Why a text gets other tokens with llama.cpp than with the model's own tokenizer: every cause, one table.

Generated texts (stress.py) and the conversations of a package (prompt_tokens.py) are explained here alike:
the cause of a text is the first step of tokenizing whose effect makes the difference go away.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..core.diagnostics import Severity
from .both_tokenizers import BothTokenizers
from .compare import Token, first_difference


@dataclass(frozen=True)
class CauseKind:
    """One reason for other tokens.

    what: behind "because of"; help: what to do; severity: in a conversation of the package; detailed: whether
    what it is about (`TokenCause.detail`) makes a group of its own.
    """

    what: str
    help: str
    severity: Severity = Severity.WARNING
    detailed: bool = False


NORMALIZER, SPECIAL, PRE_TOKENIZER, MERGES = "normalizer", "special tokens", "pre-tokenizer", "merges"
STRIPPED, PREFIX, BYTES = "spaces beside special tokens", "space before the text", "byte fallback"
WHOLE = "whole pieces"
MOVED, DUPLICATE, UNUSED = "token ids", "duplicate tokens", "unused tokens"
SAID, BESIDE = "special text in a message", "texts beside images"

KINDS: Mapping[str, CauseKind] = {
    NORMALIZER: CauseKind(
        "the normalizer of its tokenizer",
        "change texts the same way before they are sent (MK754)",
        detailed=True,
    ),
    STRIPPED: CauseKind(
        "special tokens that take the spaces beside them with them",
        "write no spaces or newlines beside these tokens (MK757)",
    ),
    SPECIAL: CauseKind(
        "special tokens that only one side knows",
        "see the findings about tokens that are missing, added or of another type (MK744 to MK748)",
        Severity.ERROR,
    ),
    SAID: CauseKind(
        "a message that holds the text of a special token, which only one side reads as that token",
        "take such texts out of messages before they are sent, or break them up",
    ),
    BESIDE: CauseKind(
        "the spaces beside an image: llama.cpp tokenizes each text around one by itself",
        "nothing in the GGUF can change it: without `tokenizer.ggml.add_space_prefix` the first text of a "
        "prompt lacks its space",
    ),
    MOVED: CauseKind(
        "tokens that have another id",
        "convert the model again from its original files (MK746)",
        Severity.ERROR,
    ),
    DUPLICATE: CauseKind(
        "two tokens with one text", "nothing in the GGUF can change it; write the text otherwise"
    ),
    UNUSED: CauseKind("tokens that one side never uses", "see the findings about types of tokens (MK748)"),
    BYTES: CauseKind(
        "characters that one side spells as bytes or does not know",
        "see the findings about missing tokens (MK744)",
    ),
    PREFIX: CauseKind(
        "a space that one side puts before a text",
        "see the finding about the space before a text (MK751); without one, the model's tokenizer puts it "
        "before the first text of a prompt alone, and nothing in the GGUF can change it",
    ),
    PRE_TOKENIZER: CauseKind(
        "the pre-tokenizer", "see the finding about the pre-tokenizer (MK752, MK753)", detailed=True
    ),
    WHOLE: CauseKind(
        "words that are tokens, which only one side leaves whole",
        "nothing in the GGUF can change it, unless another `tokenizer.ggml.pre` fits too (MK758)",
    ),
    MERGES: CauseKind(
        "the way words are put together",
        "see the findings about merges and scores (MK755, MK756, MK758); without one, report this text",
    ),
}
"""Every cause by its name, in the order in which they are tried."""

MAX_PER_TEXT = 6
"""Differences that are looked for in one text."""

MAX_SMALL = 60
"""Small texts that are looked for in all; a vocabulary that is wrong everywhere has thousands."""

MAX_SHRINKING = 200
"""Steps to make a text smaller; each asks both sides once."""

MAX_ROUNDS = 12
"""Small texts that are looked for among generated ones that no step explains whole."""

_NOT_WORDS = ("byte", "unknown")


@dataclass(frozen=True)
class TokenCause:
    """One difference.

    name: a key of `KINDS`; detail: what it is about (a form of Unicode, a special token), "" for nothing
    more; text: the smallest text that has it; ours, theirs: its tokens with llama.cpp and of the model's own
    tokenizer.
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
        """The cause of a text that differs; exact where it has no smaller part that does."""
        return self.explain([text])[0]

    def groups(self, texts: Sequence[str]) -> list[tuple[TokenCause, int]]:
        """Many texts that differ, each put down to one cause: the causes with their counts.

        Each cause is shown by a text as small as can be.
        """
        rest: dict[tuple[str, str], list[str]] = {}
        for text, cause in zip(texts, self.explain(texts), strict=True):
            rest.setdefault(group_of(cause), []).append(text)
        found: dict[tuple[str, str], tuple[TokenCause, int]] = {}
        # What is merely not explained as a whole is looked at in small texts first.
        unexplained = rest.pop((MERGES, ""), [])
        for _ in range(MAX_ROUNDS):
            if not unexplained:
                break
            small = shrink(min(unexplained, key=_size), self.both.differ)
            cause = self.cause(small)
            holding = [text for text in unexplained if small in text]
            unexplained = [text for text in unexplained if small not in text]
            shown, count = found.get(group_of(cause), (cause, 0))
            found[group_of(cause)] = min(shown, cause, key=lambda c: _size(c.text)), count + len(holding)
        if unexplained:
            rest[(MERGES, "")] = unexplained
        for group, rows in rest.items():
            known, count = found.get(group, (None, 0))
            shown = known or self._smallest(min(rows, key=_size), group)
            found[group] = shown, count + len(rows)
        return list(found.values())

    def _smallest(self, text: str, group: tuple[str, str]) -> TokenCause:
        def has_it(smaller: str) -> bool:
            return self.both.differ(smaller) and group_of(self.cause(smaller)) == group

        return self.cause(shrink(text, has_it))

    def explain(self, texts: Sequence[str]) -> list[TokenCause]:
        """The first cause that explains each text as a whole; every text differs."""
        both = self.both
        ours, theirs = both.ours(texts), both.theirs(texts)
        normal = [t.replace("▁", " ") for t in both.reference.normalize_many(texts)]
        differs = set(both.differing(list(dict.fromkeys(normal))))
        found = []
        for text, a, b, after in zip(texts, ours, theirs, normal, strict=True):
            shown = both.our_tokens(a), both.their_tokens(b)
            steps = self._explained(text, after, after not in differs, b, *shown)
            found.append(TokenCause(*next(steps), text, *shown))
        return found

    def _explained(
        self,
        text: str,
        normal: str,
        alike: bool,
        reference: list[int],
        ours: tuple[Token, ...],
        theirs: tuple[Token, ...],
    ) -> Iterator[tuple[str, str]]:
        """Names and details, the first one first. normal: the text as the normalizer leaves it; alike:
        whether both sides agree about that; reference: the ids of the model's own tokenizer."""
        both = self.both
        if normal.strip() != text.strip() and alike:
            yield NORMALIZER, _form(text, normal) or ", ".join(both.reference.facts.normalizer)
        stripped, token = self._without_spaces(text)
        if stripped != text and both.ours([stripped]) == [reference]:
            yield STRIPPED, token
        for special in both.special_in(text):
            if both.one_sided(special):
                yield SPECIAL, special
        at = first_difference([t.id for t in ours], [t.id for t in theirs])
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


def group_of(cause: TokenCause) -> tuple[str, str]:
    """What is said of a cause in one finding: its name, and its detail where that makes a group."""
    return cause.name, cause.detail if KINDS[cause.name].detailed else ""


def severity_of(name: str, detail: str) -> Severity:
    """How bad a cause is in a conversation of the package."""
    if name == NORMALIZER and detail == "NFC":
        return Severity.INFO  # Ollama's users meet it with every Qwen, and can do something about it
    return KINDS[name].severity


def shrink(text: str, still: Callable[[str], bool]) -> str:
    """The smallest text that `still` holds for, found by leaving parts out, halves first."""
    steps, size = 0, max(1, len(text) // 2)
    while size and steps < MAX_SHRINKING:
        for start in range(0, len(text), size):
            shorter = text[:start] + text[start + size :]
            steps += 1
            if shorter and still(shorter):
                text = shorter
                break
        else:
            size //= 2
            continue
        size = min(size, max(1, len(text) // 2))
    return text


def _size(text: str) -> tuple[int, str]:
    return len(text), text


def _form(before: str, after: str) -> str:
    """The name of what a normalizer did, "" where it is none of the usual ones."""
    forms: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
    usual = next((form for form in forms if unicodedata.normalize(form, before) == after), "")
    return usual or ("lower case" if before.lower() == after else "")
