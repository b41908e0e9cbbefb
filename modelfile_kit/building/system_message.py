"""Chat templates that refuse the package's own system text or messages, or every user turn."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import TemplateReferenceError
from ..core.step_account import steps_for_messages
from ..huggingface import TemplateLimitError
from ..ollama.conversation_rules import with_system
from ..package.package import Package
from .sources import ModelTemplate

SYSTEM_REFUSED = "MK526"
SYSTEM_IN_UNUSED = "MK531"

NO_USER_TURN = "MK658"
MESSAGES_REFUSED = "MK527"

_QUESTION: Message = {"role": "user", "content": "Hello"}
_WHAT_TO_DO = (
    "write `system_in: user` to have the text in the first user turn, remove `system:`, or send the text in "
    "the user's message"
)


def refusal_of_system(package: Package, reference: ModelTemplate | None) -> str:
    """Why the chat template refuses the package's system text, "" where it does not.

    A chat template that refuses a question without it too has another fault. Raises TemplateLimitError.
    """
    if not package.system or reference is None or _refusal(reference, [_QUESTION]):
        return ""
    return _refusal(reference, [{"role": "system", "content": package.system}, _QUESTION])


def _refusal(reference: ModelTemplate, messages: Sequence[Message]) -> str:
    """Why the chat template refuses messages, "" where it renders them.

    Raises TemplateLimitError: a limit says nothing about what it takes. What the work around it used up
    plays no part.
    """
    with steps_for_messages(len(messages)):
        try:
            reference.render(messages)
        except TemplateLimitError:
            raise
        except TemplateReferenceError as error:
            return error.message
    return ""


def check_user_turn(reference: ModelTemplate | None) -> list[Diagnostic]:
    """The error where the chat template renders no user turn, for native mode, in which nothing is compiled.

    llama-server renders some of these templates, without the user's text. Raises TemplateLimitError.
    """
    if reference is None:
        return []
    answer: Message = {"role": "assistant", "content": "Hi"}
    system: Message = {"role": "system", "content": "Be brief."}
    asked = ([_QUESTION], [system, _QUESTION], [_QUESTION, answer, _QUESTION])
    refusals = [_refusal(reference, messages) for messages in asked]
    if not all(refusals):
        return []
    message = f"this chat template renders no conversation with a user turn: {refusals[0]}"
    hint = "use the chat template that came with the model, or write a TEMPLATE by hand"
    return [Diagnostic(NO_USER_TURN, Severity.ERROR, message, reference.span, hint)]


def check_system(package: Package, mode: str, refusal: str) -> list[Diagnostic]:
    """The finding about a refused system text; mode: the chosen one, "go" or "native".

    Only a package that asks for it, or for native mode, has its text in the first user turn: the model was
    not trained on it.
    """
    if not refusal:
        return _no_effect(package, mode)
    span = package.span("system")
    if mode == "go" and package.system_in == "user":
        message = (
            f"the chat template refuses system messages ({refusal}); the text of `system:` is written into "
            "the first user turn, as `system_in: user` asks"
        )
        hint = "the model was not trained on that; remove `system:` if its answers are poor"
        return [Diagnostic(SYSTEM_REFUSED, Severity.INFO, message, span, hint)]
    if package.mode == "native" or package.system_in == "user":
        message = (
            f"the chat template refuses system messages ({refusal}); llama-server writes the text of "
            "`system:` into the first user turn"
        )
        hint = "the model was not trained on that; remove `system:` if its answers are poor"
        return [Diagnostic(SYSTEM_REFUSED, Severity.INFO, message, span, hint)]
    consequence = "every chat would be an HTTP 500" if mode == "go" else "the model never saw such a prompt"
    message = f"the chat template refuses the package's system message ({refusal}): {consequence}"
    hint = f"{_WHAT_TO_DO}; with `mode: native` llama-server writes it into the first user turn"
    return [Diagnostic(SYSTEM_REFUSED, Severity.ERROR, message, span, hint)]


def _no_effect(package: Package, mode: str) -> list[Diagnostic]:
    """`system_in: user` where the chat template takes the system message, or is not used."""
    if package.system_in == "system" or mode == "renderer":
        return []
    message = "`system_in: user` has no effect: this chat template takes system messages"
    hint = "remove `system_in`; the text is written where the chat template has it"
    span = package.span("system_in")
    return [Diagnostic(SYSTEM_IN_UNUSED, Severity.WARNING, message, span, hint)]


def check_messages(
    package: Package, mode: str, reference: ModelTemplate | None, refusal: str
) -> list[Diagnostic]:
    """The finding where the chat template refuses every chat because of the package's `messages`.

    mode: the chosen one, "go" or "native"; refusal: why the system text is refused, which is said already.
    In native mode it is a warning: llama-server moves system texts before it renders. Raises
    TemplateLimitError.
    """
    if not package.messages or reference is None or _refusal(reference, [_QUESTION]):
        return []
    system = "" if refusal else package.system or ""
    if why := _refusal(reference, with_system([_QUESTION], system, package.first_messages)):
        message = (
            f"the chat template refuses a question after the package's `messages` ({why}): "
            "every chat would be an HTTP error"
        )
        hint = "end `messages` with an answer, keep user and assistant in turn, or remove `messages`"
        severity = Severity.WARNING if mode == "native" else Severity.ERROR
        return [Diagnostic(MESSAGES_REFUSED, severity, message, package.span("messages"), hint)]
    return []


def in_first_turn(messages: Sequence[Message]) -> list[Message]:
    """Messages as llama-server gives them to a chat template that refuses system messages.

    The system text and a newline stand before the text of the next message (seen on Ollama 0.33.0).
    """
    if len(messages) < 2 or messages[0].get("role") != "system":
        return list(messages)
    first, *rest = messages
    return with_text_in_first_turn(rest, str(first.get("content") or ""))


def with_text_in_first_turn(messages: Sequence[Message], text: str) -> list[Message]:
    """Messages with a text and a newline before the text of the first one."""
    if not messages:
        return []
    first, *rest = messages
    return [{**first, "content": f"{text}\n{first.get('content') or ''}"}, *rest]
