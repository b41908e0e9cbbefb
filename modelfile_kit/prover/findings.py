"""What a proof finds: first as data, then in words.

A proof gives `Finding`s; `diagnostic` puts one into words. Nothing else words a finding, and nothing takes
the words apart again: who wants to know what was found looks at its class and fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.common_start import common_length
from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from .comparison import Difference
from .coverage import Site
from .refusals import in_words


@dataclass(frozen=True)
class Counterexample:
    """A conversation on which the prompt is not the reference's text, as small as was found.

    category: the kind of conversation that is therefore not exact.
    """

    category: str
    conversation: Conversation
    difference: Difference


@dataclass(frozen=True)
class Uncovered:
    """A branch that no conversation took, although one may.

    site, outcome: the condition or loop and what it never was. count: how many such branches there are.
    limit: which limit ended the search for branches that none can take, "" where none did.
    """

    category: str
    site: Site
    outcome: int
    count: int
    limit: str = ""


@dataclass(frozen=True)
class CutShort:
    """A limit ended the proof of a kind; `limit` says which one and what was used."""

    category: str
    limit: str


@dataclass(frozen=True)
class VersionsDiffer:
    """Releases of transformers render this conversation differently."""

    category: str
    conversation: Conversation


@dataclass(frozen=True)
class NoMarker:
    """An image leaves nothing in the reference's text."""

    category: str = "images"


@dataclass(frozen=True)
class AlwaysRefused:
    """The chat template refuses every conversation with a user turn; line: in the chat template."""

    reason: str
    line: int | None


@dataclass(frozen=True)
class AlwaysFails:
    """The TEMPLATE fails for every conversation that was tried.

    line: of the construct in the chat template that is not supported, where it is one.
    """

    reason: str
    line: int | None = None


@dataclass(frozen=True)
class InvalidTemplate:
    """Ollama refuses the TEMPLATE itself."""

    reason: str
    span: Span | None


@dataclass(frozen=True)
class NeighboursMerged:
    """Messages of one role that follow each other are rendered one by one; Ollama merges them before."""


Finding = (
    Counterexample
    | Uncovered
    | CutShort
    | VersionsDiffer
    | NoMarker
    | AlwaysRefused
    | AlwaysFails
    | InvalidTemplate
    | NeighboursMerged
)


@dataclass(frozen=True)
class Side:
    """How the side that is held to the chat template is named in words.

    name: where both prompts are shown, at most nine letters. answers: the subject of "… answers".
    """

    name: str = "Ollama"
    answers: str = "Ollama"


OLLAMA = Side()
_HELP = (
    "conversations like this one get another prompt than the model was trained on; native mode uses the "
    "model's own template where Ollama can"
)
_DIFFERENCES = {"text": "MK650", "failure": "MK651", "refusal": "MK653", "image": "MK654"}
_NEVER = {
    ("condition", 0): "is never false",
    ("condition", 1): "is never true",
    ("loop", 0): "is never empty",
    ("loop", 1): "is never run",
}


def diagnostic(found: Finding) -> Diagnostic:
    """A finding about a TEMPLATE in words."""
    if isinstance(found, Counterexample):
        code = _DIFFERENCES[found.difference.kind]
        return Diagnostic(code, Severity.WARNING, counterexample(found), help=_HELP)
    if isinstance(found, Uncovered):
        return _uncovered(found)
    if isinstance(found, CutShort):
        return Diagnostic(
            "MK655",
            Severity.WARNING,
            f"{found.category}: not proven to be exact, because the proof ended early: {found.limit}",
            help="no prompt was found to be wrong; check the package's own conversations with golden tests",
        )
    if isinstance(found, NoMarker):
        return Diagnostic(
            "MK656",
            Severity.INFO,
            "images: the chat template prints nothing for an image",
            help="use the chat template of the model's vision variant, or send no images",
        )
    if isinstance(found, InvalidTemplate):
        return Diagnostic(
            "MK657",
            Severity.ERROR,
            "internal compiler error: the generated TEMPLATE is invalid (please report this chat template): "
            f"{found.reason}",
            found.span,
            "use native mode, or write a TEMPLATE by hand",
        )
    if isinstance(found, VersionsDiffer):
        return Diagnostic(
            "MK660",
            Severity.WARNING,
            f"{found.category}: releases of transformers render a conversation with reasoning differently: "
            f"since transformers 5 it is seen as `thinking` too, e.g. {shown(found.conversation)}",
            help="the TEMPLATE follows transformers 5; without earlier reasoning there is no difference",
        )
    if isinstance(found, NeighboursMerged):
        return Diagnostic(
            "MK661",
            Severity.INFO,
            "Ollama merges messages of the same role that follow each other (joined by an empty line) before "
            "its template runs; Hugging Face renders a turn for each",
            help="send alternating roles where the difference matters",
        )
    return _never_renders(found)


def counterexample(found: Counterexample, side: Side = OLLAMA, kinds: Sequence[str] = ()) -> str:
    """A counterexample in words: the conversation and where the prompts part.

    kinds: the kinds of conversations that it stands for, where it is more than its own.
    """
    difference = found.difference
    if difference.kind == "failure":
        text = f"the reference renders it, {side.answers} answers: {in_words(difference.found)}"
    elif difference.kind == "refusal":
        text = f"the chat template refuses it ({difference.expected}), {side.answers} sends a prompt"
    else:
        text = show_difference(difference.expected, difference.found, side=side)
    conversation = shown(found.conversation)
    of = ", ".join(kinds) or found.category
    return f"{of}: not exact for every conversation; for {conversation} {text}"


def _uncovered(found: Uncovered) -> Diagnostic:
    never = _NEVER[found.site.kind, int(found.outcome)]
    more = f" ({found.count} such branches)" if found.count > 1 else ""
    if found.limit:
        told = (
            f"{found.category}: whether a conversation takes each branch of `{found.site.text}` was not "
            f"settled{more}, so it is not proven; {found.limit}"
        )
    else:
        told = (
            f"{found.category}: `{found.site.text}` {never} in the conversations of the proof{more}, "
            "so this branch is not proven"
        )
    return Diagnostic(
        "MK652",
        Severity.WARNING,
        told,
        Span(line=found.site.line),
        "give the package a golden conversation that takes this branch",
    )


def _never_renders(found: AlwaysRefused | AlwaysFails) -> Diagnostic:
    if isinstance(found, AlwaysRefused):
        return Diagnostic(
            "MK658",
            Severity.ERROR,
            f"this chat template renders no conversation with a user turn: {found.reason}",
            Span(line=found.line) if found.line else None,
            "Hugging Face fails in the same way, unless the tokenizer passes more than bos_token and "
            "eos_token; use the chat template that came with the model, or write a TEMPLATE by hand",
        )
    why = (
        f", because a Go template cannot express this: {found.reason}" if found.line else f": {found.reason}"
    )
    return Diagnostic(
        "MK659",
        Severity.ERROR,
        f"the TEMPLATE would answer every conversation with an error{why}",
        Span(line=found.line) if found.line else None,
        "use native mode (Ollama 0.30 and later), or write a TEMPLATE by hand",
    )


def shown(conversation: Conversation) -> dict[str, Any]:
    """A conversation without what is empty."""
    told = conversation.to_dict()
    return {k: v for k, v in told.items() if v is not None and k not in ("id", "category")}


def show_difference(expected: str, found: str, *, side: Side = OLLAMA, around: int = 40) -> str:
    """Where two texts part, in one line each, with control characters visible."""
    at = common_length(expected, found)
    start = max(0, at - around)
    lead = "…" if start else ""
    line = expected.count("\n", 0, at) + 1
    column = at - expected.rfind("\n", 0, at)
    return "\n".join(
        [
            f"first difference at line {line}, column {column} of the prompt:",
            f"  reference: {lead}{_quoted(expected[start:at])}▸{_quoted(expected[at : at + around])}",
            f"  {side.name + ':':<10} {lead}{_quoted(found[start:at])}▸{_quoted(found[at : at + around])}",
        ]
    )


def _quoted(text: str) -> str:
    """Control characters and odd spaces as escapes, everything else as it is."""
    return "".join(
        c if c == " " or (c.isprintable() and c != "\\") else c.encode("unicode_escape").decode()
        for c in text
    )
