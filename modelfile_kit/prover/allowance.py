"""What one proof may use up.

Everything is counted and nothing is timed, so that a proof ends alike on every machine, idle or busy.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProofLimits:
    """Bounds of one proof.

    reference_steps: steps of the chat template, over all its renderings (see `huggingface.guard`); the
    hungriest real one takes 1.2 million, and a million take half a second. ollama_steps: steps of the
    TEMPLATE (see `gotemplate.Limits`); real ones take up to 13 million, 20 million a second. conversations:
    how many are tried; real templates give up to 2,000. search_steps: expressions and statements, over all
    searches for branches that no conversation takes; real ones take up to 120,000.
    """

    reference_steps: int = 2_000_000
    ollama_steps: int = 20_000_000
    conversations: int = 8_000
    search_steps: int = 200_000


class Allowance:
    """What is left of the limits of a proof that is under way."""

    def __init__(self, limits: ProofLimits) -> None:
        self.limits = limits
        self.conversations = 0

    def ended(self, reference_steps: int, ollama_steps: int) -> str:
        """Which limit was reached and what was used up by then; "" while none was."""
        used = (
            (reference_steps, self.limits.reference_steps, "steps of the chat template"),
            (ollama_steps, self.limits.ollama_steps, "steps of the TEMPLATE"),
            (self.conversations, self.limits.conversations, "conversations"),
        )
        for count, limit, what in used:
            if count >= limit:
                return f"the limit of {limit:,} {what} was reached ({count:,} used)"
        return ""
