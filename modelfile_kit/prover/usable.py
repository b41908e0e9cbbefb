"""Is there any conversation at all that both a chat template and its TEMPLATE render?

Two sides that refuse everything agree perfectly, and are of no use to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GoTemplateError, PromptError, TemplateReferenceError
from ..gotemplate import LimitError
from ..huggingface import TemplateLimitError
from .comparison import Comparison
from .conversations.plain import Probe


def never_renders(
    comparison: Comparison, probes: Iterable[Probe], ended: Callable[[], str]
) -> Diagnostic | None:
    """An error where every probe fails on one of the sides; None as soon as one renders on both.

    ended: which limit of the proof was reached, if one was; then nothing is said, nor where a limit ends a
    rendering. MK658: the chat template refuses every conversation. MK659: only the TEMPLATE does.
    """
    refused: TemplateReferenceError | None = None
    failed = ""
    for conversation in _conversations(probes):
        if ended():
            return None
        try:
            comparison.reference.render(
                conversation.messages,
                tools=conversation.tools,
                think=conversation.think,
                now=comparison.clock.now,
            )
        except TemplateLimitError:
            return None
        except TemplateReferenceError as e:
            refused = refused or e
            continue
        try:
            comparison.ollama.render(
                conversation.messages, tools=conversation.tools, think=conversation.think
            )
        except LimitError:
            return None
        except (PromptError, GoTemplateError) as e:
            failed = failed or str(e)
            continue
        return None
    if failed:
        return _always_fails(failed)
    return _always_refuses(refused) if refused else None


def _conversations(probes: Iterable[Probe]) -> Iterator[Conversation]:
    for probe in probes:
        yield probe.conversation
        for messages in probe.instead:
            yield replace(probe.conversation, messages=messages)


def _always_refuses(error: TemplateReferenceError) -> Diagnostic:
    return Diagnostic(
        "MK658",
        Severity.ERROR,
        f"none of the conversations tried can be rendered with this chat template: {error.message}",
        Span(line=error.span.line) if error.span else None,
        help="Hugging Face fails in the same way, unless the tokenizer passes more than bos_token and "
        "eos_token; use the chat template that came with the model, or write a TEMPLATE by hand",
    )


def _always_fails(reason: str) -> Diagnostic:
    return Diagnostic(
        "MK659",
        Severity.ERROR,
        f"the TEMPLATE would answer every conversation with an error: {reason}",
        help="use native mode (Ollama 0.30 and later), or write a TEMPLATE by hand",
    )
