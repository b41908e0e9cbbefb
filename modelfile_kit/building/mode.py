"""`mode`: whether the package brings a TEMPLATE, or lets the server use the GGUF's own Jinja template."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.listed import some
from ..ollama.versions import Target, since
from ..prover.counting import Count, better
from ..prover.native import NativeProof
from ..replies.round_trip import RoundTrip
from .native_way import NativeReplies, NativeWay

NOT_PROVEN = "MK514"
NO_WAY = "MK515"
NATIVE_UNREAD = "MK532"

_WORDS = {
    "exact": "proven exact",
    "partial": "not exact in every case",
    "unsupported": "not possible",
    "unknown": "not checked",
}

_LEFT = "; no TEMPLATE is possible, so this is the only way"
_BETTER = "; the TEMPLATE gets none of the package's conversations right, the Jinja gets them all right"


@dataclass(frozen=True)
class Mode:
    """chosen: "go", "native" or "renderer"; why: the reason; diagnostics: the drawbacks of the choice.

    native: what the proof of native mode found, None where it was not checked. native_replies: what this
    machine's llama-server makes of the replies, None where it was not asked.
    """

    chosen: str
    why: str
    diagnostics: tuple[Diagnostic, ...] = ()
    native: NativeProof | None = None
    native_replies: NativeReplies | None = None


def choose_mode(
    asked: str,
    coverage: Mapping[str, str] | None,
    native: NativeWay,
    *,
    target: Target,
    span: Span,
    useless: bool = False,
    replies: Mapping[str, bool] | None = None,
) -> Mode:
    """Which of the two a package gets: what is proven.

    asked: "auto", "go", "native" or "renderer"; coverage: of the compiled TEMPLATE, for the kinds of
    conversations that this package can have, None for a TEMPLATE written by hand. span: of the package's key.
    useless: whether the TEMPLATE gets none of the package's own conversations right. replies: of each kind of
    reply that this package can have, whether it is read back with the TEMPLATE and the best reader; None
    where none is known.
    A TEMPLATE that is exact throughout, and whose replies are all read back, is taken. Else native mode is
    checked, and taken where nothing gets worse by it, no prompt and no reply, and something gets better; or
    where there can be no TEMPLATE, or a useless one and native mode gets those conversations right.
    """
    if asked == "native":
        return Mode(
            "native", "the package asks for it; `check` and `verify` compare its prompts with the reference"
        )
    if asked == "renderer":
        return Mode("renderer", "the package asks for it")
    if coverage is None:
        return Mode("go", "the package has a hand-written TEMPLATE, which is not proven")
    lacking = {k: s for k, s in coverage.items() if s not in ("exact", "absent")}
    proven = kinds_in_words(coverage)
    if not lacking:
        return _by_replies(asked, coverage, native, replies or {}, span)
    impossible = coverage.get("chat") == "unsupported"
    if asked == "go" or native.closed:
        if impossible:
            return Mode("go", "", (_impossible(native.closed, target, span),))
        why = f"the TEMPLATE is {proven}; native mode is not possible: {native.closed}"
        why = "the package asks for it" if asked == "go" else why
        return Mode("go", why, (_warning(lacking, native.closed, span),))
    found = native.prove()
    exact = {k for k, s in coverage.items() if s == "exact"}
    no_less = found.exact(list(coverage)) >= exact
    more = found.exact(list(coverage)) > exact
    if impossible and found.refused:
        return Mode("go", "", (_impossible(found.diagnostics[0].message, target, span),), found)
    useful = useless and found.probes_right
    if impossible or useful:
        reason = "" if more else _BETTER if useful else _LEFT
        return _native(coverage, found, reason, native.read() if found.looked else None, span)
    counted = better(found.counts) and no_less
    equal = no_less and all(_no_fewer(kind, found) for kind in lacking)
    read = native.read() if more or counted or (equal and _lost(replies)) else None
    gained, lost = _beside(replies, read)
    if (more or counted) and not lost:
        return _native(coverage, found, _reading(replies, read), read, span)
    if equal and gained and not lost:
        return _native(coverage, found, _reading(replies, read), read, span)
    beside = f"native mode is no better: {_seen(found)}{_lost_words(replies, read, lost)}"
    if not found.looked:
        beside = f"native mode is {_seen(found)}"
    why = f"the TEMPLATE is {proven}; {beside}"
    return Mode("go", why, (_warning(lacking, beside, span),), found, read)


def _by_replies(
    asked: str, coverage: Mapping[str, str], native: NativeWay, replies: Mapping[str, bool], span: Span
) -> Mode:
    """A TEMPLATE that is exact throughout; native mode only where it reads more, and its prompts are too."""
    why = f"the TEMPLATE is {kinds_in_words(coverage)}"
    unread = _lost(replies)
    if asked == "go" or native.closed or not unread:
        return Mode("go", why)
    read = native.read()
    gained, lost = _beside(replies, read)
    if not gained or lost:
        not_read = f"; it reads back all but {some(unread)}, and native mode is no better"
        return Mode("go", f"{why}{not_read}{_lost_words(replies, read, lost)}", native_replies=read)
    found = native.prove()
    exact = {k for k, s in coverage.items() if s == "exact"}
    if found.exact(list(coverage)) >= exact:
        return _native(coverage, found, _reading(replies, read), read, span)
    beside = f"; native mode reads more replies, but its prompts are worse: {_seen(found)}"
    return Mode("go", why + beside, native=found, native_replies=read)


def _lost(replies: Mapping[str, bool] | None) -> list[str]:
    return [kind for kind, right in (replies or {}).items() if not right]


def _beside(replies: Mapping[str, bool] | None, read: NativeReplies | None) -> tuple[list[str], list[str]]:
    """The kinds of replies that only native mode reads back, and those that only the TEMPLATE's reader does.

    What was not seen counts as not read.
    """
    natively: Mapping[str, bool] = read.trip.read if read is not None and read.trip is not None else {}
    gained = [k for k, right in (replies or {}).items() if not right and natively.get(k)]
    lost = [k for k, right in (replies or {}).items() if right and not natively.get(k)]
    return gained, lost


def _no_fewer(kind: str, found: NativeProof) -> bool:
    """Whether native mode gets no conversation of a kind less right, as far as that was counted."""
    if found.coverage.get(kind) == "exact":
        return True
    count = found.counts.get(kind)
    return count is not None and count.native >= count.template


def _reading(replies: Mapping[str, bool] | None, read: NativeReplies | None) -> str:
    """What the two readers give back, as the end of a sentence; "" where no replies are known."""
    if not replies or read is None or read.trip is None:
        return ""
    natively = sum(bool(read.trip.read.get(kind)) for kind in replies)
    count = f"{natively} and {sum(replies.values())} of {len(replies)}"
    return f"; kinds of replies that {read.trip.engine} and the reader of the TEMPLATE give back: {count}"


def _lost_words(replies: Mapping[str, bool] | None, read: NativeReplies | None, lost: Sequence[str]) -> str:
    if read is None:
        return ""
    if read.trip is None:
        return f"; whether llama-server reads the replies is not proven ({read.why_not})"
    without = f", without {some(lost)}" if lost else ""
    return f"{_reading(replies, read)}{without}"


def unused_template(
    mode: Mode, coverage: Mapping[str, str], native: NativeWay, *, every_server: bool, span: Span
) -> Mode:
    """What becomes of a proven TEMPLATE that Ollama will not use, since the GGUF's Jinja shows it more.

    every_server: whether no server of the target would use it. The package becomes native where that is
    proven for all that the TEMPLATE is proven for; else it keeps the TEMPLATE, and the findings say what
    servers do.
    """
    found = mode.native or native.prove()
    exact = {k for k, s in coverage.items() if s == "exact"}
    if every_server and found.exact(list(coverage)) >= exact and "chat" in exact:
        why = f"Ollama would not use the TEMPLATE, and the GGUF's own Jinja is {_seen(found)}"
        read = native.read()
        return Mode("native", why, (*found.diagnostics, *native_unread(read.trip, span)), found, read)
    why = f"{mode.why}; where the GGUF's own Jinja is used instead, it is {_seen(found)}"
    # The TEMPLATE stays, so nothing of this keeps the package from being built.
    costs = (replace(d, severity=d.severity.at_most(Severity.WARNING)) for d in found.diagnostics)
    return Mode(mode.chosen, why, (*mode.diagnostics, *costs), found, mode.native_replies)


def kinds_in_words(coverage: Mapping[str, str]) -> str:
    """`proven exact for chat, tools; not exact in every case for images`."""
    sorted_out: dict[str, list[str]] = {}
    for kind, state in coverage.items():
        if state != "absent":
            sorted_out.setdefault(state, []).append(kind)
    order: Collection[str] = _WORDS
    return "; ".join(f"{_WORDS[s]} for {', '.join(sorted_out[s])}" for s in order if s in sorted_out)


def native_unread(trip: RoundTrip | None, span: Span) -> tuple[Diagnostic, ...]:
    """What llama-server's own parser does not read back of the replies; nothing where none was seen."""
    lost = [kind for kind, right in trip.read.items() if not right] if trip is not None else []
    if trip is None or not lost:
        return ()
    message = (
        f"native mode: {trip.engine} does not read back {len(lost)} of {len(trip.read)} kinds of replies "
        f"({some(lost)}): they reach the user as text, or as an error"
    )
    hint = "`mkmodelfile check --html` shows each reply and what becomes of it; another build may read more"
    return (Diagnostic(NATIVE_UNREAD, Severity.WARNING, message, span, hint),)


def _native(
    coverage: Mapping[str, str], found: NativeProof, reason: str, read: NativeReplies | None, span: Span
) -> Mode:
    why = f"the TEMPLATE is {kinds_in_words(coverage)}, the GGUF's own Jinja {_seen(found)}{reason}"
    unread = native_unread(read.trip, span) if read is not None else ()
    return Mode("native", why, (*found.diagnostics, *unread), found, read)


def _seen(found: NativeProof) -> str:
    if found.refused:
        return found.diagnostics[0].message
    if not found.looked:
        return f"not proven ({found.why_not})"
    by = f"({found.engine}, {found.conversations} conversations)"
    return f"{kinds_in_words(found.coverage)} {by}{_counted(found.counts)}"


def _counted(counts: Mapping[str, Count]) -> str:
    if not counts:
        return ""
    kinds = ", ".join(f"{kind} {c.native} and {c.template} of {c.of}" for kind, c in counts.items())
    return f"; conversations that are right natively and by the TEMPLATE: {kinds}"


def _warning(lacking: Mapping[str, str], beside: str, span: Span) -> Diagnostic:
    kinds = ", ".join(f"{kind} ({_WORDS[state]})" for kind, state in lacking.items())
    message = f"the TEMPLATE is not exact for every kind of conversation: {kinds}"
    hint = "the compiler's findings say which construct"
    hint += f"; {beside}" if beside else "; or use `mode: native` (Ollama 0.30 and later)"
    return Diagnostic(NOT_PROVEN, Severity.WARNING, message, span, hint)


def _impossible(closed: str, target: Target, span: Span) -> Diagnostic:
    message = "the chat template cannot be written as a TEMPLATE; the compiler's findings say why"
    hint = "write a TEMPLATE by hand (`template:`)"
    if not target.native_jinja:
        newer = f"raise `target` to >={since('native_jinja')}, whose servers use the GGUF's own template"
        hint = f"{newer}, or {hint}"
    elif closed:
        hint += f"; native mode is not possible: {closed}"
    return Diagnostic(NO_WAY, Severity.ERROR, message, span, hint)
