"""What is told of replies that do not come back as they were meant: findings, each with what helps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from ..core.diagnostics import Diagnostic, Severity
from ..core.listed import some
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import version_text
from .call_tag import NO_CALLS
from .round_trip import WHOLE, Prompts, Reading, RoundTrip, same_calls
from .spoken import Kind, best_thinking_tags

CALLS_NOT_READ, THOUGHTS_NOT_READ, NO_CALL_SHOWN = "MK670", "MK671", "MK672"
NO_TAGS_SHOWN, MARKS_LEFT, PARSER_CHOSEN = "MK673", "MK674", "MK678"
CUT_SHORT = "MK655"
_SHOWN = 90
_NO_READER = "nothing reads replies beside a RENDERER without PARSER"
# Where the end of a reply may be cut off, best first: before a line, a tag, a word.
_BEGINNINGS = tuple(map(re.compile, (r"\n", r"(?=<[^/])", r"(?=<)", r"\s")))


def findings(
    trip: RoundTrip,
    reference: Reference,
    seen: Prompts,
    kinds: Collection[str],
    better: RoundTrip | None = None,
) -> Iterator[Diagnostic]:
    """MK670 to MK674: what is not read in the model's replies.

    trip: by the reader in use. seen: the TEMPLATE or the RENDERER. kinds: which of "tools" and "thinking"
    matter. better: a reader that reads more, to be advised.
    """
    if "tools" in kinds and "tools" in seen.with_parser(trip.parser).capabilities:
        yield from _calls(trip, seen, better)
    if "thinking" in kinds and "thinking" in seen.with_parser(trip.parser).capabilities:
        yield from _thoughts(trip, reference, seen, better)
    yield from _marks(trip, better)


def cut_short(trip: RoundTrip) -> tuple[Diagnostic, ...]:
    """MK655: a limit hid replies, so that stops, tags and the reader may not be the right ones."""
    limit = next((trip.unseen[name] for name in sorted(trip.stopped)), "")
    if not limit:
        return ()
    return (
        Diagnostic(
            CUT_SHORT,
            Severity.WARNING,
            f"replies: not all kinds of replies were looked at: {limit}",
            help="no reply was found to be misread, and no PARSER is chosen by what was seen alone; try "
            "thinking and tool calls on a server",
        ),
    )


def chosen(trip: RoundTrip, other: RoundTrip, *, hides: bool = False) -> Diagnostic:
    """MK678: which PARSER reads more than the TEMPLATE's tags, and what it reads less.

    hides: whether it takes an answer without a thought for one, where the tags show it.
    """
    read, before = sum(trip.read.values()), sum(other.read.values())
    less = [name for name, right in other.read.items() if right and not trip.read.get(name, True)]
    loses = f"; it does not read {some(less)}, which the tags read" if less else ""
    return Diagnostic(
        PARSER_CHOSEN,
        Severity.INFO,
        f"replies: PARSER {trip.parser} gives back {read} of {len(trip.read)} kinds of replies as the model "
        f"writes them, the tags in the TEMPLATE {before}{loses}"
        + ("; while thinking is on, it takes an answer that begins without a thought for one" * hides),
        help="`parser: none` in mkmodelfile.yaml leaves the reading to the tags"
        + ("; clients can send `think: false` where they want no thought" * hides),
    )


def advice(better: RoundTrip | None, trip: RoundTrip) -> str:
    """The PARSER that reads more, or that none does; "" where nothing is better."""
    if better is None or better.parser == trip.parser:
        return ""
    read = f"{sum(better.read.values())} of {len(better.read)} kinds of this model's replies"
    if not better.parser:
        return f"remove `PARSER {trip.parser}`: the tags in the TEMPLATE read {read}; "
    since = version_text(PARSERS[better.parser].since)
    return f"add `PARSER {better.parser}` (Ollama {since} and later), which reads {read}; "


def _calls(trip: RoundTrip, seen: Prompts, better: RoundTrip | None) -> Iterator[Diagnostic]:
    """MK670, MK672: calls that are not found, and calls that nobody shows."""
    calling = [r for r in trip.readings if r.spoken.kind.arguments]
    if not calling:
        if not trip.parser and not trip.stopped:
            yield Diagnostic(
                NO_CALL_SHOWN,
                Severity.INFO,
                "tools: the chat template never shows a tool call, so Ollama treats any JSON "
                f"{_where(seen)} as one",
                help="send a request with tools; if calls stay in the answer, a PARSER may know the format",
            )
        return
    lost = [r for r in calling if not r.right("tools")]
    if not lost:
        return
    first = lost[0]
    text = first.spoken.text
    yield Diagnostic(
        CALLS_NOT_READ,
        _severity(lost),
        f"tools: {_count(lost, calling)} with tool calls do not come back: {_expects(trip, seen)}, the model "
        f"writes {_end_of(text)!r}; {_fate(first)}{_only_some(lost, trip)}",
        help=advice(better, trip) + "otherwise the client has to find the calls in the answer",
    )


def _thoughts(
    trip: RoundTrip, reference: Reference, seen: Prompts, better: RoundTrip | None
) -> Iterator[Diagnostic]:
    """MK671, MK673: thoughts that are not split off, and tags that nobody shows."""
    thinking = [r for r in trip.readings if r.spoken.kind.thinking]
    lost = [
        r for r in thinking if r.reply.error or r.reply.thinking.strip() != r.spoken.kind.thinking.strip()
    ]
    if lost:
        yield Diagnostic(
            THOUGHTS_NOT_READ,
            _severity(lost),
            f"thinking: {_count(lost, thinking)} with a thought do not come back: "
            f"{_expects_thoughts(trip, seen)}, the model writes {_begin_of(lost[0].spoken.text)!r}, so "
            f"{_fate_of_thought(lost[0])}{_only_some(lost, trip)}",
            help=advice(better, trip) + "send `think: false`, or remove thoughts in the client",
        )
    if (
        not trip.parser
        and isinstance(seen, PromptTemplate)
        and seen.thinking_tags
        and best_thinking_tags(reference) is None
        and not trip.stopped
    ):
        opening, closing = seen.thinking_tags.opening, seen.thinking_tags.closing
        yield Diagnostic(
            NO_TAGS_SHOWN,
            Severity.INFO,
            "thinking: the chat template shows no tags around thoughts, so the TEMPLATE names the usual "
            f"ones, {opening!r} and {closing!r}",
            help="if the model writes other tags, its thoughts stay in the answer",
        )


def _marks(trip: RoundTrip, better: RoundTrip | None) -> Iterator[Diagnostic]:
    """MK674: tokens that stay in an answer."""
    for reading in trip.readings:
        wanted = reading.spoken.kind.content.strip()
        if reading.right("answer") or not wanted or reading.spoken.kind.arguments:
            continue
        extra = reading.reply.content.replace(wanted, "", 1).strip()
        if wanted in reading.reply.content and extra and extra not in wanted:
            yield Diagnostic(
                MARKS_LEFT,
                Severity.INFO,
                f"the model writes {extra!r} around its answers, and Ollama leaves it in the text",
                help="if these are control tokens, Ollama 0.30 and later remove them; "
                + (advice(better, trip) or "otherwise the client has to remove them"),
            )
            return


def _severity(lost: Sequence[Reading]) -> Severity:
    # Engines send token by token; a whole reply in one piece is rare.
    return Severity.WARNING if any(r.size != WHOLE or r.reply.error for r in lost) else Severity.INFO


def _only_some(lost: Sequence[Reading], trip: RoundTrip) -> str:
    """In which pieces the replies do not come back, where it is not in all of them."""
    if _severity(lost) is not Severity.WARNING:
        return ", but only where all of it comes in one piece"
    if not trip.cut_tokens or any(r.size == WHOLE for r in lost):
        return ""
    return (
        "; it comes back whole, but not in pieces, which were cut inside special tokens too, as the "
        "vocabulary is not known (an engine sends a token whole)"
    )


def _count(lost: Sequence[Reading], of: Sequence[Reading]) -> str:
    """How many kinds, and which."""
    names = list(dict.fromkeys(r.spoken.kind.name for r in lost))
    every = len({r.spoken.kind.name for r in of})
    return f"{len(names)} of {every} kinds of replies ({some(names)})"


def _expects(trip: RoundTrip, seen: Prompts) -> str:
    """What the reader looks for."""
    if trip.parser:
        return f"PARSER {trip.parser} expects another form"
    if not isinstance(seen, PromptTemplate):
        return _NO_READER
    where = "" if seen.tool_tag.tag == NO_CALLS else f" {_where(seen)}"
    return f"Ollama expects JSON{where}"


def _expects_thoughts(trip: RoundTrip, seen: Prompts) -> str:
    if trip.parser:
        return f"PARSER {trip.parser} expects another form"
    if not isinstance(seen, PromptTemplate):
        return _NO_READER
    return (
        f"Ollama expects thoughts between {seen.thinking_tags.opening!r} and {seen.thinking_tags.closing!r}"
    )


def _where(seen: Prompts) -> str:
    """Where Ollama looks for calls."""
    tag = seen.tool_tag.tag if isinstance(seen, PromptTemplate) else ""
    return "that starts with '{'" if tag == "{" else f"after {tag!r}"


def _fate(reading: Reading) -> str:
    """What becomes of calls that are not read as they are."""
    reply, kind = reading.reply, reading.spoken.kind
    if reply.error:
        return f"the request ends with an error: {_short(reply.error)}"
    found = [(call.name, call.arguments) for call in reply.tool_calls]
    if not same_calls(found, kind.calls[: len(found)]):
        return "Ollama reads other arguments"
    if same_calls(found, kind.calls):
        return _fate_of_text(reading)
    if found:
        return "of several calls in a reply Ollama reads only the first"
    if any(call.name not in reply.content + reply.thinking for call in kind.calls):
        return "the calls are lost"
    return "the calls stay in the answer as text"


def _fate_of_text(reading: Reading) -> str:
    got = reading.reply.content
    return f"beside the call comes the text {_short(got)}" if got else "the text before the call is lost"


def _fate_of_thought(reading: Reading) -> str:
    reply, kind = reading.reply, reading.spoken.kind
    if reply.error:
        return f"the request ends with an error: {_short(reply.error)}"
    if reply.thinking:
        return f"the thought comes back as {_short(reply.thinking)}"
    return "thoughts stay in the answer" if _begin(kind) in reply.content else "the thought is lost"


def _begin(kind: Kind) -> str:
    return kind.thinking.strip()[:20]


def _end_of(text: str) -> str:
    """The end of a reply, from the beginning of a line, tag or word on."""
    if len(text) <= _SHOWN:
        return text
    end = text[-_SHOWN:]
    for begins in _BEGINNINGS:
        found = begins.search(text, len(text) - _SHOWN, len(text) - _SHOWN // 2)
        if found:
            end = text[found.end() :]
            break
    return "…" + end


def _begin_of(text: str) -> str:
    """The beginning of a reply, up to the end of a word."""
    if len(text) <= _SHOWN:
        return text
    start = text[:_SHOWN]
    return (start if text[_SHOWN].isspace() else start[: max(map(start.rfind, " \n>")) + 1] or start) + "…"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…")
