"""What is said of a GGUF whose vocabulary is not that of the model's own tokenizer.

Each finding says what the difference does to prompts, with a count and examples, and how to repair it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.pre_tokenizers import pre_tokenizers
from ..gguf_file.vocabulary import Vocabulary
from ..reference_tokenizer.reference import (
    BYTE_LEVEL,
    SENTENCEPIECE,
    ReferenceFacts,
    ReferenceTokenizer,
)
from .compare import quoted
from .pre_tokenizer_splits import Splits, compare_splits, first_difference
from .vocabulary_differences import (
    SPECIAL,
    Differences,
    Row,
    compare_merges,
    compare_tokens_by_id,
    scores_out_of_order,
)

ANOTHER_MODEL = "MK743"
MISSING, RENAMED, MOVED, ADDED, TYPE = "MK744", "MK745", "MK746", "MK747", "MK748"
SPECIAL_ID, BOS_SETTING, SPACE_PREFIX = "MK749", "MK750", "MK751"
PRE_TOKENIZER, APPROXIMATED, NORMALIZED = "MK752", "MK753", "MK754"
MERGES, SCORES, SPACES_AROUND, WHOLE_PIECES = "MK755", "MK756", "MK757", "MK758"

MOSTLY_ANOTHER = 0.2
"""From this share of tokens in other places on, it is another model's tokenizer rather than a faulty file."""

_EXAMPLES = 3
_PIECES = ("llama", "t5")
"""llama.cpp's names of SentencePiece's BPE and of its unigram model."""
_OTHER = "other tokens than the model was trained with"
_CONVERT = "convert the model again from its original files, with a converter that knows this tokenizer"


@dataclass(frozen=True)
class VocabularyCheck:
    """A GGUF's vocabulary against the model's own tokenizer.

    source: the tokenizer's file; tokens: how many it has; equal: how many of them the GGUF has at the same
    id; diagnostics: what differs.
    """

    source: str
    tokens: int
    equal: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def summary(self) -> str:
        """How many tokens agree, in words."""
        name = re.split(r"[\\/]", self.source)[-1]
        return f"{self.equal:,} of {self.tokens:,} tokens as in {name}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the diagnostics are among those of the report."""
        return {"source": self.source, "tokens": self.tokens, "equal": self.equal}


def check_vocabulary(
    vocabulary: Vocabulary, reference: ReferenceTokenizer, *, model: str = "MODEL"
) -> VocabularyCheck:
    """Compares the two token by token, and the settings that decide how texts are cut.

    model: the GGUF's name, for advice. Raises EngineError where the reference's process fails.
    """
    theirs = reference.vocabulary
    differences = compare_tokens_by_id(vocabulary, theirs)
    tokens = sum(text is not None for text in theirs.texts)
    if differences.texts > MOSTLY_ANOTHER * tokens:
        found = [_another_model(vocabulary, reference, differences, tokens)]
    else:
        case = _Case(vocabulary, reference, model)
        found = [*_tokens(case, differences), *(d for rule in _RULES for d in rule(case))]
    return VocabularyCheck(reference.facts.source, tokens, differences.equal, tuple(found))


@dataclass(frozen=True)
class _Case:
    vocabulary: Vocabulary
    reference: ReferenceTokenizer
    model: str

    @property
    def facts(self) -> ReferenceFacts:
        return self.reference.facts

    def found(self, code: str, severity: Severity, message: str, help: str) -> Diagnostic:
        return Diagnostic(code, severity, message, Span(self.vocabulary.source), help)

    def patch(self, assignment: str) -> str:
        return f"`mkmodelfile patch {self.model} --set {assignment}`"


def _another_model(
    vocabulary: Vocabulary, reference: ReferenceTokenizer, differences: Differences, tokens: int
) -> Diagnostic:
    known = compare_splits(vocabulary.pre, reference).models
    looks = f"; its tokens are those of {' or '.join(known)}, or of a model with the same vocabulary"
    return Diagnostic(
        ANOTHER_MODEL,
        Severity.ERROR,
        f"{reference.facts.source} is another model's tokenizer: {differences.texts:,} of its {tokens:,} "
        f"tokens are not where the GGUF has them ({vocabulary.model}/{vocabulary.pre or 'no pre-tokenizer'}, "
        f"{len(vocabulary):,} tokens){looks if known else ''}",
        Span(vocabulary.source),
        "name the tokenizer of the model that the GGUF was made from (`tokenizer:`, --tokenizer), or `none`",
    )


def _tokens(case: _Case, differences: Differences) -> Iterator[Diagnostic]:
    yield from _missing(case, differences.missing)
    if rows := differences.renamed:
        yield case.found(
            RENAMED,
            Severity.ERROR,
            f"{_count(rows)} another text in the GGUF, so these texts are split into other tokens: "
            + _examples(rows, lambda r: f"{r.id} is {quoted(r.found)}, the tokenizer has {quoted(r.text)}"),
            _CONVERT,
        )
    if rows := differences.moved:
        yield case.found(
            MOVED,
            Severity.ERROR,
            f"{_count(rows)} another id in the GGUF, so the model gets {_OTHER}: "
            + _examples(rows, lambda r: f"{quoted(r.text)} is {r.found}, the tokenizer has {r.id}"),
            _CONVERT,
        )
    yield from _added(case, differences.added)
    yield from _types(case, differences.types)


def _missing(case: _Case, rows: Sequence[Row]) -> Iterator[Diagnostic]:
    for special in (True, False):
        chosen = [row for row in rows if (row.kind in SPECIAL) == special]
        if not chosen:
            continue
        effect = (
            "a prompt that writes one gets several ordinary tokens instead"
            if special
            else "texts with them are split otherwise"
        )
        yield case.found(
            MISSING,
            Severity.ERROR if special else Severity.WARNING,
            f"the GGUF lacks {len(chosen):,} {'special ' if special else ''}"
            f"token{_s(chosen)} of the model's tokenizer; {effect}: "
            + _examples(chosen, lambda r: f"{quoted(r.text)} ({r.id})"),
            f"{_CONVERT}; if this tokenizer belongs to a newer model, name the one of this model",
        )


def _added(case: _Case, rows: Sequence[Row]) -> Iterator[Diagnostic]:
    for special in (True, False):
        chosen = [row for row in rows if (row.kind in SPECIAL) == special]
        if not chosen:
            continue
        effect = (
            "such a text in a prompt becomes one token, which the model's tokenizer splits"
            if special
            else "harmless as long as no text is split into them"
        )
        yield case.found(
            ADDED,
            Severity.WARNING if special else Severity.INFO,
            f"the GGUF has {len(chosen):,} {'special ' if special else ''}"
            f"token{_s(chosen)} that the model's tokenizer lacks; {effect}: "
            + _examples(chosen, lambda r: f"{quoted(r.text)} ({r.id})"),
            "give the tokenizer of the fine-tuned model, if tokens were added to it; else " + _CONVERT,
        )


def _types(case: _Case, rows: Sequence[Row]) -> Iterator[Diagnostic]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.found), []).append(row)
    for (theirs, ours), chosen in groups.items():
        if theirs in SPECIAL:  # where llama.cpp knows the text, its type does not count
            chosen = [r for r in chosen if case.vocabulary.special_id_of(r.text) is None or ours in SPECIAL]
        if chosen:
            severity, effect = _type_effect(theirs, ours)
            yield case.found(
                TYPE,
                severity,
                f"the GGUF types {len(chosen):,} {theirs} token{_s(chosen)} as {ours}; {effect}: "
                + _examples(chosen, lambda r: f"{quoted(r.text)} ({r.id})"),
                _CONVERT,
            )


def _type_effect(theirs: str, ours: str) -> tuple[Severity, str]:
    if theirs in SPECIAL and ours not in SPECIAL:
        return Severity.ERROR, "llama.cpp splits the text in a prompt into several ordinary tokens"
    if theirs == "user-defined":
        return Severity.WARNING, "llama.cpp leaves the text out of replies, so nothing can read it there"
    if theirs == "control":
        return Severity.WARNING, "replies show the text of the token"
    if ours in SPECIAL:
        return Severity.WARNING, "the text becomes this token wherever a user writes it"
    if theirs == "byte":
        return Severity.ERROR, "replies show such a text in place of the character"
    return Severity.WARNING, "llama.cpp never produces, or never shows, the token"


def _special(case: _Case) -> Iterator[Diagnostic]:
    """BOS and EOS. Others do not take part in a chat."""
    vocabulary, special = case.vocabulary, case.facts.special
    bos = special.get("bos")
    if bos and vocabulary.add_bos and vocabulary.bos_id != bos[1]:
        yield case.found(
            SPECIAL_ID,
            Severity.ERROR,
            f"the tokenizer's BOS is {quoted(bos[0])} ({bos[1]}); the GGUF puts "
            f"{_named(vocabulary, vocabulary.bos_id)} in front of every prompt",
            case.patch(f"tokenizer.ggml.bos_token_id={bos[1]}"),
        )
    eos = special.get("eos")
    if eos is None or vocabulary.eos_id == eos[1]:
        return
    if eos[1] not in vocabulary.end_of_generation():  # else llama.cpp ends replies at both
        yield case.found(
            SPECIAL_ID,
            Severity.ERROR,
            f"the tokenizer's EOS is {quoted(eos[0])} ({eos[1]}), the GGUF's "
            f"{_named(vocabulary, vocabulary.eos_id)}; llama.cpp does not end a "
            f"reply at {quoted(eos[0])}, so the model may not stop",
            case.patch(f"tokenizer.ggml.eos_token_id={eos[1]}"),
        )


def _settings(case: _Case) -> Iterator[Diagnostic]:
    vocabulary, facts = case.vocabulary, case.facts
    says_so = facts.kind in ("tokenizer.json", "tokenizer.model")  # the others say nothing about BOS
    for name, puts, theirs, ours in (
        ("bos", "a BOS in front of every prompt", facts.adds_bos, vocabulary.add_bos),
        ("eos", "an EOS behind every prompt", facts.adds_eos, vocabulary.add_eos),
    ):
        if not says_so or theirs == ours:
            continue
        if ours:
            message = f"llama.cpp puts {puts} with this GGUF, the model's own tokenizer does not"
            message += f": every prompt has one {name.upper()} more than the model was trained with"
        else:
            message = f"the model's own tokenizer puts {puts}, llama.cpp does not with this GGUF"
            message += f": only a chat template that writes the {name.upper()} itself gives it to the model"
        advice = case.patch(f"tokenizer.ggml.add_{name}_token={str(theirs).lower()}")
        yield case.found(BOS_SETTING, Severity.WARNING, message, advice)


def _space_prefix(case: _Case) -> Iterator[Diagnostic]:
    theirs, ours = case.facts.space_prefix, case.vocabulary.space_prefix
    if theirs is None or case.facts.spelling != SENTENCEPIECE or case.vocabulary.model != "llama":
        return
    if theirs != ours:
        yield case.found(
            SPACE_PREFIX,
            Severity.ERROR,
            f"llama.cpp puts {'a' if ours else 'no'} space before a text and behind each special token, "
            f"the model's tokenizer {'does' if theirs else 'does not'}: the first word of every message "
            "has another token",
            case.patch(f"tokenizer.ggml.add_space_prefix={str(theirs).lower()}"),
        )


def _pre_tokenizer(case: _Case) -> Iterator[Diagnostic]:
    vocabulary, facts = case.vocabulary, case.facts
    if vocabulary.model != "gpt2" or facts.spelling != BYTE_LEVEL:
        return
    splits = compare_splits(vocabulary.pre, case.reference)
    named = f"{vocabulary.pre!r}" if vocabulary.pre else "none, so `default`"
    if splits.used is None:
        message = f"the GGUF's pre-tokenizer is {named}, which llama.cpp (August 2026) does not know"
        yield case.found(PRE_TOKENIZER, Severity.WARNING, message, _set_pre(case, splits))
        return
    expected = splits.recognised or (
        splits.better[0] if splits.better and not splits.better_differences else ""
    )
    right = pre_tokenizers().get(expected)
    if right is not None and right.patterns != splits.used.patterns:
        yield case.found(
            PRE_TOKENIZER,
            Severity.ERROR,
            f"the GGUF's pre-tokenizer is {named}, the model's tokenizer cuts texts like {expected!r}"
            f"{_cut(splits)}: such texts get {_OTHER}",
            _set_pre(case, splits),
        )
    elif splits.differences:
        yield case.found(
            APPROXIMATED,
            Severity.WARNING,
            f"llama.cpp's pre-tokenizer {named} is not quite the model's own{_cut(splits)}: such texts get "
            + _OTHER,
            "nothing in the GGUF can change it; write such texts otherwise, or use another engine for them",
        )


def _cut(splits: Splits) -> str:
    if not splits.differences:
        return ""
    theirs, ours = first_difference(splits.differences[0])
    count = len(splits.differences)
    return f" ({count} of {splits.texts} texts; {theirs} there, {ours} with llama.cpp)"


def _set_pre(case: _Case, splits: Splits) -> str:
    expected = splits.recognised or next(iter(splits.better), "")
    return case.patch(f"tokenizer.ggml.pre={expected}") if expected else _CONVERT


def _normalizer(case: _Case) -> Iterator[Diagnostic]:
    """Steps that change texts; llama.cpp only writes spaces as `▁` and, for BERT, lower case."""
    if case.vocabulary.model in ("bert", "t5"):
        return
    texts = ("e\u0301", "\ufb01", "ÄB", " a  b ", "a\u00a0b", "\u2126")
    changed = [
        (before, after)
        for before, after in zip(texts, case.reference.normalize_many(texts), strict=True)
        if after.replace("▁", " ").strip() != before.replace("▁", " ").strip()
    ]
    if not changed:
        return
    before, after = changed[0]
    steps = ", ".join(case.facts.normalizer) or "its normalizer"
    composes = case.facts.normalizer == ("NFC",)
    yield case.found(
        NORMALIZED,
        Severity.INFO if composes else Severity.WARNING,
        f"the model's tokenizer changes texts before it cuts them ({steps}: {before!a} becomes {after!a}), "
        f"llama.cpp does not: such texts get {_OTHER}",
        "write texts in NFC (composed characters) before they are sent"
        if composes
        else "change texts the same way before they are sent",
    )


def _merges(case: _Case) -> Iterator[Diagnostic]:
    found = compare_merges(case.vocabulary, case.reference.vocabulary)
    if found is not None:
        yield case.found(
            MERGES,
            Severity.ERROR,
            f"the GGUF has {found.ours:,} merges, the model's tokenizer {found.theirs:,}; they differ from "
            f"rank {found.rank:,} on ({quoted(found.found or 'none')}, the tokenizer has "
            f"{quoted(found.expected or 'none')}): words are put together from other tokens",
            _CONVERT,
        )


def _scores(case: _Case) -> Iterator[Diagnostic]:
    if case.vocabulary.model not in _PIECES:
        return
    rows = scores_out_of_order(case.vocabulary, case.reference.vocabulary)
    if rows:
        shown = ", ".join(f"{quoted(text)} ({number})" for number, text in rows[:_EXAMPLES])
        yield case.found(
            SCORES,
            Severity.ERROR,
            f"{len(rows):,} tokens have other scores in the GGUF than in the model's tokenizer, so words "
            f"are put together in another order: {shown}",
            _CONVERT,
        )


def _whole_pieces(case: _Case) -> Iterator[Diagnostic]:
    """Tokens that no merge makes: one side takes a piece that is such a token whole, the other does not."""
    vocabulary, facts = case.vocabulary, case.facts
    used = pre_tokenizers().get(vocabulary.pre or "default")
    if vocabulary.model != "gpt2" or facts.algorithm != "BPE" or used is None or vocabulary.merges is None:
        return
    if used.ignore_merges == facts.ignore_merges:
        return
    made = {"".join(merge.split(" ", 1)) for merge in vocabulary.merges}
    rows = [
        (number, text)
        for number, (text, kind) in enumerate(zip(vocabulary.texts(), vocabulary.kinds(), strict=True))
        if kind == "normal" and len(text) > 1 and text not in made
    ]
    uses, splits = "the tokenizer", "llama.cpp"
    if used.ignore_merges:
        uses, splits = splits, uses
    if rows:
        yield case.found(
            WHOLE_PIECES,
            Severity.WARNING,
            f"{len(rows):,} tokens are made by no merge; {uses} uses them, {splits} splits them: "
            + ", ".join(f"{quoted(text)} ({number})" for number, text in rows[:_EXAMPLES]),
            "nothing in the GGUF can change it, unless another `tokenizer.ggml.pre` fits too",
        )


def _spaces_around(case: _Case) -> Iterator[Diagnostic]:
    """Added tokens that take spaces with them, which llama.cpp leaves in the text."""
    tokens = [t for t in case.facts.added if t.lstrip or t.rstrip]
    if tokens:
        shown = ", ".join(quoted(t.text) for t in tokens[:_EXAMPLES])
        yield case.found(
            SPACES_AROUND,
            Severity.INFO,
            f"the model's tokenizer removes spaces beside {len(tokens):,} of its special tokens ({shown}); "
            "llama.cpp keeps them, unless it knows the model by name",
            "write no spaces or newlines beside these tokens, or compare with `mkmodelfile check`",
        )


_RULES: tuple[Callable[[_Case], Iterator[Diagnostic]], ...] = (
    _special,
    _settings,
    _space_prefix,
    _pre_tokenizer,
    _normalizer,
    _merges,
    _scores,
    _whole_pieces,
    _spaces_around,
)


def _s(rows: Sequence[Row]) -> str:
    return "s" if len(rows) > 1 else ""


def _count(rows: Sequence[Row]) -> str:
    return f"{len(rows):,} token{'s have' if len(rows) > 1 else ' has'}"


def _examples(rows: Sequence[Row], say: Callable[[Row], str]) -> str:
    """The first rows in words, special tokens first."""
    ordered = sorted(rows, key=lambda row: (row.kind not in SPECIAL, row.id))
    return "; ".join(map(say, ordered[:_EXAMPLES])) + (", …" if len(rows) > _EXAMPLES else "")


def _named(vocabulary: Vocabulary, token: int | None) -> str:
    return "none" if token is None else f"{quoted(vocabulary.token(token))} ({token})"
