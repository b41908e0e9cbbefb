"""What the engine gets, token by token, beside what the model was trained on.

The engine gets Ollama's prompt in tokens of the GGUF's vocabulary. The model was trained on the chat
template's text in tokens of its own tokenizer, with nothing added to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.diagnostics import Diagnostic, Span
from .both_tokenizers import BothTokenizers
from .compare import WINDOW, Alignment, Token, first_difference, format_alignment, quoted
from .image_places import Placed, Wrapper
from .token_causes import BESIDE, KINDS, SAID, SPECIAL, CauseFinder, TokenCause, group_of, severity_of

FOUND = "MK765"
NAMES = ("llama.cpp", "the model's tokenizer")
_SHOWN = 12


@dataclass(frozen=True)
class PromptTokens:
    """One conversation in both tokenizers.

    ours: the tokens that the engine gets, theirs: those that the model was trained on; image N is one token
    of id -1-N. first: the index of the first that differs, None where all are equal. causes: why tokens of
    the same text differ; empty where only the texts do.
    """

    ours: tuple[Token, ...]
    theirs: tuple[Token, ...]
    first: int | None
    causes: tuple[TokenCause, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the engine gets exactly the tokens of the training."""
        return self.first is None

    @property
    def words(self) -> str:
        """The result in one line."""
        if self.first is None:
            return "tokens as of the model's own tokenizer"
        names = ", ".join(dict.fromkeys(cause.name for cause in self.causes)) or self._of_texts
        return f"other tokens than of the model's own tokenizer ({names})"

    @property
    def _of_texts(self) -> str:
        ours, theirs = [t.id for t in self.ours], [t.id for t in self.theirs]
        return "one token at the beginning" if ours[1:] == theirs or ours == theirs[1:] else "another text"

    def table(self) -> str:
        """The tokens around the first difference, side by side."""
        first = self.first
        shown = slice(0, 0) if first is None else slice(max(0, first - WINDOW), first + WINDOW + 1)
        rows = self.ours[shown], self.theirs[shown]
        counts = len(self.ours), len(self.theirs)
        return format_alignment(Alignment(self.equal, None, first, *rows, *counts), names=NAMES)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "equal": self.equal,
            "first_difference": self.first,
            "engine": [[t.id, t.text] for t in self.ours],
            "reference": [[t.id, t.text] for t in self.theirs],
            "causes": [{"name": c.name, "detail": c.detail, "text": c.text} for c in self.causes],
        }


@dataclass
class TokenComparison:
    """Compares conversation after conversation, and knows at the end what concerns them all.

    both: the two tokenizers; wrapper: what libmtmd writes around an image; mark: what the chat template
    writes for one, "" where that is not known.
    """

    both: BothTokenizers
    wrapper: Wrapper = field(default_factory=Wrapper)
    mark: str = ""
    finder: CauseFinder = field(init=False)
    _groups: dict[tuple[str, str], list[tuple[str, TokenCause]]] = field(init=False, default_factory=dict)
    _count: int = field(init=False, default=0)
    _equal: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.finder = CauseFinder(self.both)

    def compare(
        self, ident: str, engine_ids: Sequence[int], reference: Placed, contents: Sequence[str] = ()
    ) -> PromptTokens:
        """One conversation.

        ident: its id; engine_ids: the tokens of its prompt; reference: the chat template's text, cut at its
        images; contents: the texts of its messages.
        """
        texts = self.around_images(reference.segments)
        alone = self.both.theirs(texts)
        pieces = self.between_marks(reference.segments) or alone
        theirs: list[int] = []
        for n, ids in enumerate(pieces):
            theirs += [*([-n] if n else []), *ids]
        first = first_difference(engine_ids, theirs)
        causes = []
        for n, text in enumerate(texts):
            if pieces[n] != alone[n]:
                causes += self._behind_an_image(text, pieces[n])
            else:
                causes += self.finder.causes(text)
        causes = list(dict.fromkeys(causes))
        self._count += 1
        self._equal += not causes
        for cause in causes:
            users = cause.name == SPECIAL and any(cause.detail in content for content in contents)
            name, detail = (SAID, "") if users else group_of(cause)
            self._groups.setdefault((name, detail), []).append((ident, cause))
        shown = self.both.our_tokens(engine_ids), self.both.their_tokens(theirs)
        return PromptTokens(*shown, first, tuple(causes))

    def between_marks(self, segments: Sequence[str]) -> list[list[int]] | None:
        """Tokens of the texts between images as the model's own tokenizer makes them of the whole prompt.

        Some tokenizers put a space before the first text alone, and a mark can take spaces with it; llama.cpp
        gets each text by itself. None where the mark is not made of special tokens and cannot be found.
        """
        if len(segments) == 1 or not self.mark:
            return None
        added = {token.id for token in self.both.reference.facts.added}
        mark, begin, end, whole = self.both.theirs(
            [self.mark, self.wrapper.begin, self.wrapper.end, self.mark.join(segments)]
        )
        if not mark or not set(mark) <= added:
            return None
        found: list[list[int]] = [[]]
        at = 0
        while at < len(whole):
            if whole[at : at + len(mark)] == mark:
                found[-1] += begin
                found.append(list(end))
                at += len(mark)
            else:
                found[-1].append(whole[at])
                at += 1
        return found if len(found) == len(segments) else None

    def _behind_an_image(self, text: str, theirs: Sequence[int]) -> list[TokenCause]:
        """What differs beside an image, where the same text alone would not be the same."""
        [ours] = self.both.ours([text])
        if ours == list(theirs):
            return []
        return [TokenCause(BESIDE, "", text, self.both.our_tokens(ours), self.both.their_tokens(theirs))]

    def around_images(self, segments: Sequence[str]) -> list[str]:
        """The texts between images, with what stands around each image."""
        last = len(segments) - 1
        before, behind = self.wrapper.begin, self.wrapper.end
        return [
            (behind if n else "") + text + (before if n < last else "") for n, text in enumerate(segments)
        ]

    def findings(self) -> list[Diagnostic]:
        """A finding for each cause, the most frequent first."""
        ordered = sorted(self._groups.items(), key=lambda item: (-len(_idents(item[1])), item[0]))
        return [self._finding(name, detail, rows) for (name, detail), rows in ordered]

    def _finding(self, name: str, detail: str, rows: Sequence[tuple[str, TokenCause]]) -> Diagnostic:
        idents = _idents(rows)
        small = dict.fromkeys(cause.text for _, cause in rows)
        ident, cause = rows[0]
        more = f" ({len(small)} such texts)" if len(small) > 1 else ""
        about = f" ({detail})" if detail else ""
        return Diagnostic(
            FOUND,
            severity_of(name, detail),
            f"{len(idents)} of {self._count} conversations have other tokens with llama.cpp than the model "
            f"was trained on, because of {KINDS[name].what}{about}: in {ident!r} {quoted(cause.text, ascii)} "
            f"is {_listed(cause.ours)} with llama.cpp and {_listed(cause.theirs)} with the model's own "
            f"tokenizer{more}",
            Span(self.both.vocabulary.source),
            KINDS[name].help,
        )

    @property
    def summary(self) -> str:
        """How many conversations have the same tokens, in words."""
        return f"{self._equal} of {self._count} conversations have the tokens of the model's own tokenizer"


def _idents(rows: Sequence[tuple[str, TokenCause]]) -> list[str]:
    return list(dict.fromkeys(ident for ident, _ in rows))


def _listed(tokens: Sequence[Token]) -> str:
    shown = " ".join(f"{t.id}:{t.text!a}" for t in tokens[:_SHOWN])
    return f"[{shown}{' …' if len(tokens) > _SHOWN else ''}]"
