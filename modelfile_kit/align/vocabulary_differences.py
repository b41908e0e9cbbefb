"""A GGUF's vocabulary beside that of the model's own tokenizer: every id, its text and its type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..gguf_file.vocabulary import Vocabulary
from ..reference_tokenizer.reference import ReferenceVocabulary

SPECIAL = ("control", "user-defined")

# What converters put at ids that no token has (llama.cpp, conversion/base.py).
_FILLER = re.compile(r"\[PAD\d*\]|<pad\d+>|<dummy\d+>|\[UNUSED_TOKEN_\d+\]|<unused\d+>", re.IGNORECASE)
# The converter takes these for control tokens whatever a tokenizer says of them (does_token_look_special).
_LOOKS_SPECIAL = re.compile(r"<pad>|<mask>|<2mass>|\[@BOS@\]|<\|.*\|>|<\uff5c.*\uff5c>|<unused.*>", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One token that differs.

    id: of the model's own tokenizer, of the GGUF where that has none; text: there; found: what the GGUF has
    instead: a text, an id or a type, by the group; kind: of the token, as the side that has it says.
    """

    id: int
    text: str
    found: str
    kind: str


@dataclass
class Differences:
    """Rows by what differs.

    missing: tokens that the GGUF has nowhere; renamed: the GGUF has another text at the id, and neither text
    elsewhere; moved: the GGUF has the token at another id; added: the GGUF's tokens that the tokenizer lacks;
    types: the same token of another type; equal: how many tokens agree in id and text.
    """

    missing: list[Row] = field(default_factory=list)
    renamed: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    types: list[Row] = field(default_factory=list)
    equal: int = 0

    @property
    def texts(self) -> int:
        """How many of the tokenizer's tokens are not where they belong."""
        return len(self.missing) + len(self.renamed) + len(self.moved)


def compare_tokens_by_id(vocabulary: Vocabulary, reference: ReferenceVocabulary) -> Differences:
    """Compares every id; fillers of a converter at ids that no token has are no difference."""
    ours, kinds = vocabulary.texts(), vocabulary.kinds()
    places: dict[str, int] = {}
    for number, text in enumerate(ours):
        places.setdefault(text, number)
    found = Differences()
    for number in range(max(len(ours), len(reference))):
        there = reference.texts[number] if number < len(reference) else None
        here = ours[number] if number < len(ours) else None
        if there is None:
            if here is not None and _is_extra(here, kinds[number], reference):
                found.added.append(Row(number, here, "", kinds[number]))
            continue
        kind = reference.kinds[number]
        if here is not None and here in _spellings(there, kind):
            found.equal += 1
            if not _same_kind(there, kind, kinds[number]):
                found.types.append(Row(number, there, kinds[number], kind))
            continue
        extra = here is not None and _is_extra(here, kinds[number], reference)
        place = next((places[s] for s in _spellings(there, kind) if s in places), None)
        if place is not None:
            found.moved.append(Row(number, there, str(place), kind))
        elif here is not None and extra:
            found.renamed.append(Row(number, there, here, kind))
            continue
        else:
            found.missing.append(Row(number, there, "", kind))
        if here is not None and extra:
            found.added.append(Row(number, here, "", kinds[number]))
    return found


def _is_extra(text: str, kind: str, reference: ReferenceVocabulary) -> bool:
    """Whether a token of a GGUF is a real one that the tokenizer lacks."""
    return kind != "unused" and not _FILLER.fullmatch(text) and reference.id_of(text) is None


def _spellings(text: str, kind: str) -> tuple[str, ...]:
    """How a GGUF may write a token: the converter writes spaces of user-defined tokens as such."""
    if kind == "user-defined" and "▁" in text:
        return text, text.replace("▁", " ")
    return (text,)


def _same_kind(text: str, theirs: str, ours: str) -> bool:
    """Whether a type in the GGUF is what the converter makes of the tokenizer's."""
    if theirs == ours:
        return True
    if theirs == "user-defined":
        return ours == "control" and _LOOKS_SPECIAL.fullmatch(text) is not None
    # The unknown token is a control token of its tokenizer.json; unused ones are never produced.
    return {theirs, ours} in ({"unknown", "control"}, {"normal", "unused"}, {"control", "unused"})


@dataclass(frozen=True)
class MergeDifference:
    """How two lists of merges differ: their lengths, and the first rank where they do (from 0)."""

    theirs: int
    ours: int
    rank: int
    expected: str
    found: str


def compare_merges(vocabulary: Vocabulary, reference: ReferenceVocabulary) -> MergeDifference | None:
    """The first difference between the merges of a GGUF and of tokenizer.json; None where they agree.

    Also None where one side has no list: ranks of tiktoken and scores of SentencePiece say it in another way.
    """
    if reference.merges is None or vocabulary.merges is None:
        return None
    ours, theirs = vocabulary.merges.tolist(), list(reference.merges)
    if ours == theirs:
        return None
    pairs = enumerate(zip(theirs, ours, strict=False))
    rank = next((n for n, (a, b) in pairs if a != b), min(len(theirs), len(ours)))
    expected, found = (rows[rank] if rank < len(rows) else "" for rows in (theirs, ours))
    return MergeDifference(len(theirs), len(ours), rank, expected, found)


def scores_out_of_order(vocabulary: Vocabulary, reference: ReferenceVocabulary) -> list[tuple[int, str]]:
    """Tokens whose score is not that of the model's own tokenizer: id and text.

    Of a tokenizer.model every score is compared; of a tokenizer.json the order of the merges, by which
    transformers wrote down the scores.
    """
    if vocabulary.scores is None:
        return []
    ours, texts = vocabulary.scores.tolist(), vocabulary.texts()
    if reference.scores is not None:
        there = zip(range(len(ours)), reference.texts, reference.scores, reference.kinds, strict=False)
        # Added tokens get a score from the converter that means nothing.
        return [
            (n, text)
            for n, text, score, kind in there
            if text is not None
            and kind == "normal"
            and texts[n] == text
            and abs(ours[n] - score) > 1e-4 * max(1.0, abs(score))
        ]
    found, lowest = [], float("inf")
    for merge in reference.merges or ():
        token = "".join(merge.split(" ", 1))
        number = reference.id_of(token)
        if number is None or number >= len(ours) or texts[number] != token:
            continue
        if ours[number] > lowest:
            found.append((number, token))
        else:
            lowest = ours[number]
    return found
