"""`mode`: whether the package brings a TEMPLATE, or lets the server use the GGUF's own Jinja template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from ..core.diagnostics import Diagnostic, Severity, Span
from ..ollama.versions import Target, since
from ..prover.counting import Count, better
from ..prover.native import NativeProof

NOT_PROVEN = "MK514"
NO_WAY = "MK515"

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

    native: what the proof of native mode found, None where it was not checked.
    """

    chosen: str
    why: str
    diagnostics: tuple[Diagnostic, ...] = ()
    native: NativeProof | None = None


@dataclass(frozen=True)
class NativeWay:
    """Whether native mode is possible for a package. closed: why not, "" if it is; prove: checks it."""

    closed: str = ""
    prove: Callable[[], NativeProof] = field(default=lambda: NativeProof({}))


def choose_mode(
    asked: str,
    coverage: Mapping[str, str] | None,
    native: NativeWay,
    *,
    target: Target,
    span: Span,
    useless: bool = False,
) -> Mode:
    """Which of the two a package gets: what is proven.

    asked: "auto", "go", "native" or "renderer"; coverage: of the compiled TEMPLATE, for the kinds of
    conversations that this package can have, None for a TEMPLATE written by hand. span: of the package's key.
    useless: whether the TEMPLATE gets none of the package's own conversations right.
    A TEMPLATE that is exact throughout is taken. Else native mode is checked, and taken where it is proven
    for all that the TEMPLATE is proven for and for more, or gets more conversations of the proof right, of no
    kind less; or where there can be no TEMPLATE, or a useless one and native mode gets those conversations
    right.
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
        return Mode("go", f"the TEMPLATE is {proven}")
    impossible = coverage.get("chat") == "unsupported"
    if asked == "go" or native.closed:
        if impossible:
            return Mode("go", "", (_impossible(native.closed, target, span),))
        why = f"the TEMPLATE is {proven}; native mode is not possible: {native.closed}"
        why = "the package asks for it" if asked == "go" else why
        return Mode("go", why, (_warning(lacking, native.closed, span),))
    found = native.prove()
    exact = {k for k, s in coverage.items() if s == "exact"}
    more = found.exact(list(coverage)) > exact
    if impossible and found.refused:
        return Mode("go", "", (_impossible(found.diagnostics[0].message, target, span),), found)
    useful = useless and found.probes_right
    counted = better(found.counts) and found.exact(list(coverage)) >= exact
    if more or impossible or useful or counted:
        reason = "" if more else _BETTER if useful else "" if counted else _LEFT
        return _native(coverage, found, reason)
    beside = f"native mode is no better: {_seen(found)}"
    if not found.looked:
        beside = f"native mode is {_seen(found)}"
    why = f"the TEMPLATE is {proven}; {beside}"
    return Mode("go", why, (_warning(lacking, beside, span),), found)


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
        return Mode("native", why, found.diagnostics, found)
    why = f"{mode.why}; where the GGUF's own Jinja is used instead, it is {_seen(found)}"
    # The TEMPLATE stays, so nothing of this keeps the package from being built.
    costs = (replace(d, severity=max(d.severity, Severity.WARNING, key=_rank)) for d in found.diagnostics)
    return Mode(mode.chosen, why, (*mode.diagnostics, *costs), found)


def _rank(severity: Severity) -> int:
    return severity.rank


def kinds_in_words(coverage: Mapping[str, str]) -> str:
    """`proven exact for chat, tools; not exact in every case for images`."""
    sorted_out: dict[str, list[str]] = {}
    for kind, state in coverage.items():
        if state != "absent":
            sorted_out.setdefault(state, []).append(kind)
    order: Collection[str] = _WORDS
    return "; ".join(f"{_WORDS[s]} for {', '.join(sorted_out[s])}" for s in order if s in sorted_out)


def _native(coverage: Mapping[str, str], found: NativeProof, reason: str) -> Mode:
    why = f"the TEMPLATE is {kinds_in_words(coverage)}, the GGUF's own Jinja {_seen(found)}{reason}"
    return Mode("native", why, found.diagnostics, found)


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
