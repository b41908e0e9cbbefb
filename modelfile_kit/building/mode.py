"""`mode`: whether the package brings a TEMPLATE, or lets the server use the GGUF's own Jinja template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..diagnostics import Diagnostic, Severity, Span
from ..ollama.targets import Target

NOT_PROVEN = "MK514"
NO_WAY = "MK515"

_WORDS = {"exact": "proven exact", "partial": "not exact in every case", "unsupported": "not possible"}


@dataclass(frozen=True)
class Mode:
    """chosen: "go" or "native"; why: in words; diagnostics: what the choice costs."""

    chosen: str
    why: str
    diagnostics: tuple[Diagnostic, ...] = ()


def choose_mode(
    asked: str,
    coverage: Mapping[str, str] | None,
    *,
    origin: str,
    target: Target,
    needs_template: bool,
    pictures: bool,
    span: Span,
) -> Mode:
    """Which of the two a package gets.

    asked: "auto", "go" or "native"; coverage: of the compiled TEMPLATE, None for a hand-written one.
    origin: of the chat template; only "gguf" is in the model's file, so only that can be used natively.
    needs_template: the package adds texts, which only a TEMPLATE can carry. pictures: it has a projector;
    Ollama's native mode puts pictures behind the words, so it is only taken where nothing else is left.
    """
    if asked == "native":
        return Mode("native", "the package asks for it; `check` and `verify` hold it to the same reference")
    if coverage is None:
        return Mode("go", "the package has a TEMPLATE written by hand, which nothing has proven")
    chat = coverage.get("chat", "unsupported")
    if chat == "exact":
        return Mode("go", _proven(coverage), _partial(coverage, span))
    native_can = origin == "gguf" and target.native_jinja and not needs_template
    if asked == "auto" and native_can and (chat == "unsupported" or not pictures):
        why = (
            f"the TEMPLATE is {_WORDS.get(chat, chat)} for plain chat, the GGUF's own Jinja is used as it is"
        )
        return Mode("native", why)
    if chat == "unsupported":
        return Mode("go", "", (_impossible(origin, target, span),))
    message = "the TEMPLATE is not exact for every plain chat; see what the compiler says about it"
    hint = "`mode: native` uses the GGUF's own Jinja template (Ollama 0.30 and later)"
    found = Diagnostic(NOT_PROVEN, Severity.WARNING, message, span, hint)
    return Mode("go", "the package asks for it" if asked == "go" else "no other way is open", (found,))


def _proven(coverage: Mapping[str, str]) -> str:
    exact = [kind for kind, state in coverage.items() if state == "exact"]
    return f"the TEMPLATE is proven exact for {', '.join(exact)}"


def _partial(coverage: Mapping[str, str], span: Span) -> tuple[Diagnostic, ...]:
    lacking = {k: s for k, s in coverage.items() if s in ("partial", "unsupported")}
    if not lacking:
        return ()
    kinds = ", ".join(f"{kind} ({_WORDS[state]})" for kind, state in lacking.items())
    message = f"plain chat is exact, but not everything is: {kinds}"
    hint = "the compiler's findings say which construct; `mode: native` is the other way (Ollama 0.30)"
    return (Diagnostic(NOT_PROVEN, Severity.WARNING, message, span, hint),)


def _impossible(origin: str, target: Target, span: Span) -> Diagnostic:
    message = "the chat template cannot be written as a TEMPLATE; the compiler's findings say why"
    hint = "write a TEMPLATE by hand (`template:`)"
    if origin == "gguf" and not target.native_jinja:
        hint = f"raise `target` to >=0.30, whose servers use the GGUF's own template, or {hint}"
    return Diagnostic(NO_WAY, Severity.ERROR, message, span, hint)
