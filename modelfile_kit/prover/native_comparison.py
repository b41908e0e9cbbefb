"""When a prompt of native mode is the reference's: the rule of the compiler's proof, and one exception."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.conversation import Conversation
from .comparison import Clock, Comparison, Difference
from .coverage import Hit, WatchedReference
from .native_constructs import MarkedReference, Unknown

if TYPE_CHECKING:
    from ..building.sources import Reference
    from .comparison import Prompter


class NativeComparison(Comparison):
    """Today's prompts of llama-server and of the reference.

    unknown: by kind of conversation, the constructs come to that are not known to be the same there.
    A conversation that ends with an answer is not compared: llama-server goes on writing that answer
    (tools/server/server-common.cpp, prefill), as Hugging Face does with continue_final_message, while the
    reference begins another one.
    """

    def __init__(self, reference: Reference, prompter: Prompter) -> None:
        watched = WatchedReference(
            reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token
        )
        clock = Clock()
        clock.now = datetime.now()
        super().__init__(watched, prompter, reference.bos_token or "", clock)
        self.marked = MarkedReference(
            reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token
        )
        self.unknown: dict[str, dict[Unknown, None]] = {}

    def expected(self, conversation: Conversation) -> tuple[list[str], set[Hit], str | None]:
        """As for a TEMPLATE; nothing is expected of a conversation that ends with an answer."""
        texts, hits, refusal = super().expected(conversation)
        found = self.unknown.setdefault(conversation.category, {})
        if len(found) < len(self.marked.env.constructs):
            found.update(dict.fromkeys(self.marked.reached(conversation)))
        return ([], hits, None) if continues(conversation) else (texts, hits, refusal)

    def difference(
        self, conversation: Conversation, texts: Sequence[str] | None = None, refusal: str | None = None
    ) -> Difference | None:
        """As for a TEMPLATE; None for a conversation that ends with an answer."""
        return None if continues(conversation) else super().difference(conversation, texts, refusal)


def continues(conversation: Conversation) -> bool:
    """Whether llama-server takes the last message for the beginning of what it is to write."""
    return bool(conversation.messages) and conversation.messages[-1].get("role") == "assistant"
