"""Generated texts through llama.cpp and the model's own tokenizer: where tokens differ, and why.

Each difference is put down to the first cause that explains it (token_causes.py), and each cause is shown by
the smallest text that still has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.progress import tell_step
from .both_tokenizers import BothTokenizers
from .compare import Token, quoted
from .stress_texts import COUNT, stress_texts
from .token_causes import KINDS, CauseFinder, TokenCause, severity_of

FOUND = "MK760"

_SHOWN = 12

SHARE_OF_SPECIAL = 25
"""One special token for so many texts gets texts of its own: vocabularies have up to thousands of them."""


@dataclass(frozen=True)
class Counted:
    """A cause, shown by the smallest text found, and how many of the generated texts it explains."""

    cause: TokenCause
    count: int


@dataclass(frozen=True)
class Stress:
    """What came out. texts: how many were compared; causes: the most frequent first."""

    texts: int
    causes: tuple[Counted, ...]

    @property
    def different(self) -> int:
        """How many texts have other tokens."""
        return sum(counted.count for counted in self.causes)

    @property
    def summary(self) -> str:
        """How many texts agree, in words."""
        same = self.texts - self.different
        return f"{same:,} of {self.texts:,} generated texts have the tokens of the model's own tokenizer"


def stress(both: BothTokenizers, *, count: int = COUNT) -> Stress:
    """Compares the tokens of generated texts.

    both: the GGUF's vocabulary in llama.cpp, and the model's own tokenizer; count: how many texts, more only
    where the fixed ones are more. Raises EngineError where one of the two processes fails.
    """
    special = [token.text for token in both.reference.facts.added][: count // SHARE_OF_SPECIAL]
    texts = stress_texts(special, count=count)
    tell_step("compare", f"{len(texts):,} generated texts")
    groups = CauseFinder(both).groups(both.differing(texts))
    causes = (Counted(cause, number) for cause, number in groups)
    return Stress(len(texts), tuple(sorted(causes, key=lambda c: (-c.count, c.cause.name, c.cause.text))))


def findings(result: Stress, source: str) -> list[Diagnostic]:
    """A finding for each cause, with its count and its smallest text; source: the GGUF.

    Texts that nobody wrote are never an error: what is wrong with the GGUF has its own finding.
    """
    found = []
    for counted in result.causes:
        cause = counted.cause
        kind, severity = KINDS[cause.name], severity_of(cause.name, cause.detail)
        about = f" ({cause.detail})" if kind.detailed and cause.detail else ""
        message = (
            f"{counted.count:,} of {result.texts:,} generated texts get other tokens with llama.cpp than "
            f"with the model's own tokenizer, because of {kind.what}{about}; the smallest is "
            f"{quoted(cause.text, ascii)}: {_ids(cause.theirs)} there, {_ids(cause.ours)} with llama.cpp"
        )
        mild = Severity.WARNING if severity is Severity.ERROR else severity
        found.append(Diagnostic(FOUND, mild, message, Span(source), kind.help))
    return found


def _ids(tokens: Sequence[Token]) -> str:
    shown = ", ".join(str(token.id) for token in tokens[:_SHOWN])
    return f"[{shown}{', …' if len(tokens) > _SHOWN else ''}]"
