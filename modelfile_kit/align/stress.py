"""Ten thousand texts through llama.cpp and the model's own tokenizer: where tokens differ, and why.

Each difference is put down to the first cause that explains it, and each cause is shown by the smallest text
that still has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.vocabulary import Vocabulary
from ..reference_tokenizer.reference import ReferenceTokenizer
from ..runtime.tokenizer import Tokenizer
from .compare import quoted
from .pre_tokenizer_splits import cuts_alike
from .stress_texts import stress_texts

FOUND = "MK760"

NORMALIZER, SPECIAL, PRE_TOKENIZER, MERGES = "normalizer", "special tokens", "pre-tokenizer", "merges"

MAX_SPECIAL = 400
"""Special tokens that get texts of their own; vocabularies with thousands have them numbered."""

MAX_SHRINKING = 200
"""Steps to make a text smaller; each asks both sides once."""


@dataclass(frozen=True)
class Cause:
    """Texts that differ for one reason.

    name: `NORMALIZER`, `SPECIAL`, `PRE_TOKENIZER` or `MERGES`; count: how many; text: the smallest one found;
    theirs, ours: its tokens of the model's own tokenizer and of llama.cpp.
    """

    name: str
    count: int
    text: str
    theirs: tuple[int, ...]
    ours: tuple[int, ...]


@dataclass(frozen=True)
class Stress:
    """What came out. texts: how many were compared; causes: the most frequent first."""

    texts: int
    causes: tuple[Cause, ...]

    @property
    def different(self) -> int:
        """How many texts have other tokens."""
        return sum(cause.count for cause in self.causes)


def stress(
    vocabulary: Vocabulary, engine: Tokenizer, reference: ReferenceTokenizer, *, count: int | None = None
) -> Stress:
    """Compares the tokens of generated texts.

    vocabulary: the GGUF's; engine: the same vocabulary, loaded into llama.cpp; reference: the model's own
    tokenizer; count: how many texts, by default `stress_texts.COUNT`. Raises EngineError where one of the two
    processes fails.
    """
    special = [token.text for token in reference.facts.added][:MAX_SPECIAL]
    texts = stress_texts(special) if count is None else stress_texts(special, count=count)
    sides = _Sides(vocabulary, engine, reference)
    differing = sides.differing(texts)
    found: dict[str, list[str]] = {}
    for text, name in zip(differing, sides.causes(differing), strict=True):
        found.setdefault(name, []).append(text)
    causes = [_cause(sides, name, rows) for name, rows in found.items()]
    return Stress(len(texts), tuple(sorted(causes, key=lambda c: (-c.count, c.name))))


def findings(result: Stress, vocabulary: Vocabulary) -> list[Diagnostic]:
    """A finding for each cause, with its count and its smallest text."""
    return [
        Diagnostic(
            FOUND,
            Severity.INFO if cause.name == NORMALIZER else Severity.WARNING,
            f"{cause.count:,} of {result.texts:,} generated texts get other tokens with llama.cpp than with "
            f"the model's own tokenizer, because of {_WHAT[cause.name]}; the smallest is "
            f"{quoted(cause.text, ascii)}: {_ids(cause.theirs)} there, {_ids(cause.ours)} with llama.cpp",
            Span(vocabulary.source),
            _REPAIR[cause.name],
        )
        for cause in result.causes
    ]


def _ids(ids: Sequence[int]) -> str:
    return f"[{', '.join(map(str, ids[:_IDS]))}{', …' if len(ids) > _IDS else ''}]"


_IDS = 12
_WHAT = {
    NORMALIZER: "its normalizer",
    SPECIAL: "special tokens",
    PRE_TOKENIZER: "its pre-tokenizer",
    MERGES: "how words are put together",
}
_REPAIR = {
    NORMALIZER: "change texts the same way before they are sent (MK754)",
    SPECIAL: "see the findings about tokens that are missing, moved or of another type (MK744 to MK748)",
    PRE_TOKENIZER: "see the finding about the pre-tokenizer (MK752, MK753)",
    MERGES: "see the findings about tokens, merges and scores; without one, report it with this text",
}


class _Sides:
    def __init__(self, vocabulary: Vocabulary, engine: Tokenizer, reference: ReferenceTokenizer) -> None:
        self.vocabulary, self.engine, self.reference = vocabulary, engine, reference
        special = [token.text for token in reference.facts.added]
        control = vocabulary.control_tokens()
        texts = sorted({*special, *filter(None, control)}, key=len, reverse=True)
        self.cutter = re.compile("|".join(map(re.escape, texts)) or r"(?!)")

    def ours(self, texts: Sequence[str]) -> list[list[int]]:
        return self.engine.tokenize_many(texts, add_bos=False)

    def differing(self, texts: Sequence[str]) -> list[str]:
        theirs = self.reference.encode_many(texts)
        rows = zip(texts, theirs, self.ours(texts), strict=True)
        return [text for text, a, b in rows if a != b]

    def causes(self, texts: Sequence[str]) -> list[str]:
        """For each differing text the first step of tokenizing that explains it."""
        plain = [self.without_special(text) for text in texts]
        still = set(self.differing(plain))
        normalized = [t.replace("▁", " ") for t in self.reference.normalize_many(plain)]
        composed = set(self.differing(normalized))
        names = []
        for before, text, after in zip(texts, plain, normalized, strict=True):
            if text not in still and text != before:
                names.append(SPECIAL)
            elif after.strip() != text.strip() and after not in composed:
                names.append(NORMALIZER)
            elif self.vocabulary.model == "gpt2" and self.cuts_otherwise(after):
                names.append(PRE_TOKENIZER)
            else:
                names.append(MERGES)
        return names

    def cuts_otherwise(self, text: str) -> bool:
        return cuts_alike(self.vocabulary.pre, self.reference, text) is False

    def without_special(self, text: str) -> str:
        return self.cutter.sub(" ", text)


def _cause(sides: _Sides, name: str, rows: Sequence[str]) -> Cause:
    def has_it(text: str) -> bool:
        return bool(sides.differing([text])) and sides.causes([text]) == [name]

    text = shrink(min(rows, key=lambda t: (len(t), t)), has_it)
    [theirs], [ours] = sides.reference.encode_many([text]), sides.ours([text])
    return Cause(name, len(rows), text, tuple(theirs), tuple(ours))


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
