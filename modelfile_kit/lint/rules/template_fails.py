"""The TEMPLATE fails on an ordinary conversation."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import GoTemplateError
from ...gotemplate import LimitError
from ...prover.refusals import Refusal, refusal
from ..context import Context
from ..rule import Finding, Rule

_WHAT = {
    "single": "a question",
    "dialogue": "a dialogue",
    "system": "a system message",
    "images": "an image",
    "tools": "a tool call and its result",
    "thinking": "a question with think",
    "thought": "an answer with thinking",
}


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None:
        return
    for probe in context.probes.asked():
        error = probe.error
        if not isinstance(error, GoTemplateError):
            continue
        if isinstance(error, LimitError):
            reason = error.message.partition(": ")[2]
            yield Finding(
                f"lint stopped the TEMPLATE on {_WHAT[probe.name]} and does not judge its prompts: {reason}",
                context.template,
                error.help,
                severity=Severity.WARNING,
            )
            return
        if _has_own_rule(context, error):
            return
        stopped = refusal(error.message)
        if stopped:
            # How a chat template's raise_exception looks in Go: it is meant.
            own = context.own_template
            too = own is not None and own.refuses(probe.name)
            severity = Severity.WARNING if probe.name == "single" and not too else Severity.INFO
            yield Finding(
                f"the TEMPLATE refuses {_WHAT[probe.name]}: {_why(stopped)}"
                + (" (the model's own chat template refuses it too)" if too else ""),
                context.template,
                severity=severity,
            )
            if probe.name == "single":
                return
            continue
        yield Finding(
            f"the TEMPLATE fails on {_WHAT[probe.name]}: {error.message}", context.template, error.help
        )
        return  # the others mostly fail for the same reason


def _why(stopped: Refusal) -> str:
    return stopped.what if stopped.line is None else f"chat template, line {stopped.line}: {stopped.what}"


def _has_own_rule(context: Context, error: GoTemplateError) -> bool:
    """Whether unknown-field or hidden-messages says it better."""
    accesses = context.walk.accesses if context.walk else []
    if context.prompt and context.prompt.is_legacy:
        return any(a.name == "Messages" for a in accesses)
    return any(f"can't evaluate field {a.name} " in error.message for a in accesses if not a.known)


RULE = Rule("MK203", check, help="try it with `mkmodelfile render --modelfile … --messages …`")
