"""What a proof finds, said for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from .comparison import Difference, show_difference
from .coverage import Site

# A note: nothing that a TEMPLATE could do about it.
MERGED = Diagnostic(
    "MK661",
    Severity.INFO,
    "Ollama merges messages of the same role that follow each other (joined by an empty line) before its "
    "template runs; Hugging Face renders a turn for each",
    help="send alternating roles where the difference matters",
)


@dataclass(frozen=True)
class Counterexample:
    """A conversation on which Ollama's prompt is not the reference's text, as small as was found."""

    category: str
    conversation: Conversation
    difference: Difference

    @property
    def text(self) -> str:
        """The difference for people."""
        d = self.difference
        if d.kind == "failure":
            return f"the reference renders it, Ollama answers: {d.found}"
        if d.kind == "refusal":
            return f"the chat template refuses it ({d.expected}), Ollama sends a prompt"
        return show_difference(d.expected, d.found)


def cut_short(category: str, limit: str) -> Diagnostic:
    """MK655: a limit ended the proof; `limit` says which one."""
    return Diagnostic(
        "MK655",
        Severity.WARNING,
        f"{category}: not proven to be exact, because the proof ended early: {limit}",
        help="no prompt was found to be wrong; check the package's own conversations with golden tests",
    )


def shown(conversation: Conversation) -> dict[str, Any]:
    """A conversation without what is empty."""
    told = conversation.to_dict()
    return {k: v for k, v in told.items() if v is not None and k not in ("id", "category")}


def diagnostic(example: Counterexample) -> Diagnostic:
    """MK650 to MK654: the smallest conversation found on which the two sides differ."""
    codes = {"text": "MK650", "failure": "MK651", "refusal": "MK653", "picture": "MK654"}
    return Diagnostic(
        codes[example.difference.kind],
        Severity.WARNING,
        f"{example.category}: not exact for every conversation; "
        f"for {shown(example.conversation)} {example.text}",
        help="conversations like this one get another prompt than the model was trained on; "
        "native mode uses the model's own template where Ollama can",
    )


def versions(category: str, conversation: Conversation) -> Diagnostic:
    """MK660: transformers' versions do not agree with each other."""
    return Diagnostic(
        "MK660",
        Severity.WARNING,
        f"{category}: Hugging Face's versions render a conversation with reasoning differently: since "
        f"transformers 5 it is seen as `thinking` too, e.g. {shown(conversation)}",
        help="the TEMPLATE follows transformers 5; without reasoning in the history there is no difference",
    )


def no_marker() -> Diagnostic:
    """MK656: a picture leaves nothing in the reference."""
    return Diagnostic(
        "MK656",
        Severity.INFO,
        "images: the chat template prints nothing for a picture",
        help="use the chat template of the model's vision variant, or send no pictures",
    )


def uncovered(category: str, site: Site, outcome: int, count: int, limit: str = "") -> Diagnostic:
    """MK652: a branch that no conversation took.

    count: how many there are. limit: which one ended the search for those that none can take, if one did.
    """
    never = {
        ("condition", 0): "is never false",
        ("condition", 1): "is never true",
        ("loop", 0): "is never empty",
        ("loop", 1): "is never run",
    }[site.kind, int(outcome)]
    more = f" ({count} such branches)" if count > 1 else ""
    return Diagnostic(
        "MK652",
        Severity.WARNING,
        f"{category}: `{site.text}` {never} in the conversations of the proof{more}, "
        f"so this branch is not proven{'; ' + limit if limit else ''}",
        Span(line=site.line),
        help="give the package a golden conversation that takes this branch",
    )
