"""Is there any conversation with a user turn that both a chat template and its TEMPLATE render?

Two sides that both refuse everything agree, and the TEMPLATE is still useless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..core.conversation import Conversation
from ..core.errors import GoTemplateError, PromptError, StoppedError, TemplateReferenceError
from .comparison import Comparison
from .conversations.plain import Candidate
from .findings import AlwaysFails, AlwaysRefused
from .refusals import refusal


def never_renders(
    comparison: Comparison, probes: Iterable[Candidate], ended: Callable[[], str]
) -> AlwaysRefused | AlwaysFails | None:
    """On which of the sides every probe with a user turn fails; None as soon as one renders on both.

    ended: which limit of the proof was reached, if one was; then nothing is said, nor where a limit ends a
    rendering on either side: it says nothing about the prompt.
    """
    refused: TemplateReferenceError | None = None
    failed = ""
    for conversation in _conversations(probes):
        if not any(message.get("role") == "user" for message in conversation.messages):
            continue
        if ended():
            return None
        try:
            # Once the TEMPLATE failed where the chat template renders, it alone decides: it is quicker.
            error = _failure(comparison, conversation) if failed else ""
            if error:
                continue
            comparison.reference.render(
                conversation.messages,
                tools=conversation.tools,
                think=conversation.think,
                now=comparison.clock.now,
            )
            error = "" if failed else _failure(comparison, conversation)
        except StoppedError:
            return None
        except TemplateReferenceError as e:
            refused = refused or e
            continue
        if not error:
            return None
        failed = error
    if failed:
        own = refusal(failed)
        return AlwaysFails(own.what, own.line) if own else AlwaysFails(failed)
    if refused is None:
        return None
    return AlwaysRefused(refused.message, refused.span.line if refused.span else None)


def _failure(comparison: Comparison, conversation: Conversation) -> str:
    """Why the TEMPLATE does not render a conversation, "" where it does. Raises StoppedError."""
    try:
        comparison.ollama.render(conversation.messages, tools=conversation.tools, think=conversation.think)
    except StoppedError:
        raise
    except (PromptError, GoTemplateError) as e:
        return str(e) or type(e).__name__
    return ""


def _conversations(probes: Iterable[Candidate]) -> Iterator[Conversation]:
    for probe in probes:
        yield probe.conversation
        for messages in probe.instead:
            yield replace(probe.conversation, messages=messages)
