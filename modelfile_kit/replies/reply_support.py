"""Whether Ollama parses the model's replies, and whether it uses the TEMPLATE at all: told as findings.

A prompt can be right to the byte while the reply to it is shown as it came: Ollama finds thoughts
between two fixed texts and calls as JSON after a third (thinking/parser.go, tools/tools.go).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError
from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.selection import jinja_evidence, select
from ..ollama.versions import Target
from .reply_findings import chosen, cut_short, findings
from .round_trip import Prompts, Trip
from .turns import QUESTION, USER, render


@dataclass(frozen=True)
class ReplySupport:
    """How the replies to a TEMPLATE's prompts are read.

    parser: the PARSER to write, "" for none: the TEMPLATE's tags then do it (or, for gpt-oss, harmony).
    replies: for "answer", "thinking" and "tools": "exact", "partial", "unread" or "absent". diagnostics: what
    does not come back, and what else is odd.
    """

    parser: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def check_replies(
    reference: Reference,
    template: str,
    coverage: Mapping[str, str],
    target: str,
    *,
    parser: str = "auto",
    family: str = "",
    eos_token: str | None = None,
    tokens: ReplyTokens | None = None,
) -> ReplySupport:
    """Puts every kind of reply through Ollama's reader, and chooses the reader.

    coverage: as proven for prompts. parser: "auto" for the one that is proven best, "none" for none, or a
    name. family: the GGUF's architecture. eos_token: the text that ends replies. tokens: the
    vocabulary's special tokens, where there is one. Raises nothing:
    a TEMPLATE that Ollama refuses was told before.
    """
    named = "" if parser in ("auto", "none") else parser
    try:
        seen = PromptTemplate(template, target=target, family=family, parser=named)
    except KitError:
        return ReplySupport(named)
    trip = Trip.of(reference, eos_token, seen, tokens)
    own = trip.own()
    best = trip.best(own)
    used = best if parser == "auto" else own
    changed = used.parser != own.parser
    hides = changed and trip.takes_for_thought(used.parser) and not trip.takes_for_thought(own.parser)
    claimed = [kind for kind in ("tools", "thinking") if coverage[kind] in ("exact", "partial")]
    by_tags = not used.parser
    found = [
        *_content_ignored(reference),
        *cut_short(own),
        *findings(used, reference, seen, claimed, best),
        *((chosen(used, own, hides=hides),) if changed else ()),
        *_pretended(reference, seen, coverage),
        *(_unused(reference, seen, target) if by_tags else ()),
    ]
    replies = {k: v if k == "answer" or k in claimed else "absent" for k, v in used.replies.items()}
    return ReplySupport(used.parser if changed else named, replies, tuple(found))


def unread(
    reference: Reference,
    seen: Prompts,
    kinds: Collection[str],
    tokens: ReplyTokens | None = None,
    *,
    eos_token: str | None = None,
) -> list[Diagnostic]:
    """MK670 to MK674: what Ollama does not read in the model's replies; nothing of what a limit hid.

    seen: the TEMPLATE or the RENDERER, with the PARSER if there is one. kinds: which of "tools" and
    "thinking" matter. tokens, eos_token: as for `check_replies`.
    """
    trip = Trip.of(reference, eos_token, seen, tokens)
    own = trip.own()
    return list(findings(own, reference, seen, kinds, trip.best(own)))


def _content_ignored(reference: Reference) -> Iterator[Diagnostic]:
    """MK677: a chat template that prints nothing of the question."""
    if "content" not in reference.source:
        return
    prompt = render(reference, [USER], None, None)
    if prompt is not None and QUESTION not in prompt:
        yield Diagnostic(
            "MK677",
            Severity.WARNING,
            "chat: this chat template ignores string content, so the prompt does not contain the question "
            "(Hugging Face renders the same)",
            help="it expects content as a list of parts, which Ollama does not send; write a TEMPLATE "
            "by hand",
        )


def _pretended(
    reference: Reference, seen: PromptTemplate, coverage: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """MK676: Ollama takes requests with tools, and the chat template does nothing with them."""
    shown = jinja_evidence(reference.source).words.get("tools")
    if shown and "tools" in seen.capabilities and coverage["tools"] == "absent":
        words = " and ".join(f"`{w}`" for w in shown)
        yield Diagnostic(
            "MK676",
            Severity.INFO,
            f"tools: the chat template mentions tools ({words}) but writes none into the prompt; Ollama 0.30 "
            "and later accept requests with tools for such a model, and the TEMPLATE has to accept them too, "
            "because Ollama would not use it otherwise",
            help="offer this model no tools: they do not reach it, in Hugging Face either",
        )


def _unused(reference: Reference, seen: PromptTemplate, target: str) -> Iterator[Diagnostic]:
    """MK201: the GGUF's own Jinja would win over this TEMPLATE (Ollama 0.30 and later)."""
    newest = Target.parse(target).newest
    chosen = select(template=seen, jinja=reference.source, target=newest)
    if chosen.source != "template":
        yield Diagnostic(
            "MK201",
            Severity.WARNING,
            f"Ollama {newest.name} uses the GGUF's chat template instead of this TEMPLATE: {chosen.why}",
            help=f"{chosen.change}; or start the server with OLLAMA_GO_TEMPLATE=1, or remove "
            "tokenizer.chat_template from the GGUF",
        )
