"""`end_token`: the text after a turn, and whether the vocabulary and the chat template agree with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import EngineError, KitError, UsageError
from ..core.step_account import steps_for_messages
from ..gguf_file.vocabulary import Vocabulary
from ..huggingface import TemplateLimitError
from ..ollama.special_tokens import control_texts
from ..runtime.local import open_tokenizer
from ..runtime.tokenizer import spell_out
from .sources import ModelTemplate

NOT_A_TOKEN = "MK323"  # noqa: S105
NOT_IN_REFERENCE = "MK302"
REFERENCE_DIFFERS = "MK303"
MARKER_NOT_A_TOKEN = "MK323"  # noqa: S105

MAX_SHOWN = 24  # tokens of a text that is none; more would hide the message

_QUESTION, _ANSWER = "modelfile-kit question", "modelfile-kit answer"


@dataclass(frozen=True)
class EndToken:
    """The text after a turn.

    asked: the package's `end_token`; written: what the chat template writes after a turn by itself, ""
    for nothing, None where it could not be seen; added: what the package writes there, "" for nothing;
    id: of the added token.
    """

    asked: str
    written: str | None
    added: str = ""
    id: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def decide_end_token(
    asked: str, reference: ModelTemplate, vocabulary: Vocabulary | None, model: Path, span: Span
) -> EndToken:
    """What `end_token` comes to.

    asked: auto, none, or a text; model: the GGUF, to show the tokens of a text that is not one token.
    """
    written = text_after_turn(reference)
    if asked == "auto":
        return EndToken(asked, written, diagnostics=_check_markers(reference, vocabulary, model))
    if asked == "none":
        return _none(written, span)
    if vocabulary is not None and vocabulary.special_id_of(asked) is None and asked != (written or ""):
        return EndToken(asked, written, diagnostics=(_not_a_token(asked, model, span),))
    if written is not None and asked in (written, written.strip()):
        return EndToken(asked, written)
    if written and written.strip():
        return EndToken(asked, written, diagnostics=(_differs(asked, written, span),))
    token = vocabulary.special_id_of(asked) if vocabulary is not None else None
    return EndToken(asked, written, asked, token, (_added(asked, token, span),))


def text_after_turn(reference: ModelTemplate) -> str | None:
    """What the chat template writes after the text of the last turn, where no reply is to follow.

    None where it refuses such a conversation, or does not write the text as it is. Raises TemplateLimitError.
    """
    messages: Sequence[Message] = (
        {"role": "user", "content": _QUESTION},
        {"role": "assistant", "content": _ANSWER},
    )
    with steps_for_messages(len(messages)):
        try:
            text = reference.look(messages, add_generation_prompt=False)
        except TemplateLimitError:
            raise
        except KitError:
            return None
    _, found, after = text.rpartition(_ANSWER)
    return after if found else None


def spelled_out(text: str, model: Path) -> str:
    """What a text is to this vocabulary: "10 tokens: 27 '<', 91 '|', …"; why not where nothing can tell."""
    try:
        with open_tokenizer(model) as tokenizer:
            tokens = spell_out(text, tokenizer)
    except UsageError as e:
        return f"it splits into several ordinary tokens (to list them: {e.help or e.message})"
    except EngineError as e:
        return f"llama.cpp could not split it: {e.message}"
    shown = ", ".join(f"{i} {piece!r}" for i, piece in tokens[:MAX_SHOWN])
    more = f", … and {len(tokens) - MAX_SHOWN} more" if len(tokens) > MAX_SHOWN else ""
    return f"it splits into {len(tokens)} ordinary tokens: {shown}{more}"


def _none(written: str | None, span: Span) -> EndToken:
    if not written or not written.strip():
        return EndToken("none", written)
    message = f"`end_token: none`, but the model's chat template ends every turn with {written!r}"
    hint = "write `end_token: auto`; a model that was trained with an end token needs it"
    return EndToken(
        "none", written, diagnostics=(Diagnostic(REFERENCE_DIFFERS, Severity.ERROR, message, span, hint),)
    )


def _differs(asked: str, written: str, span: Span) -> Diagnostic:
    message = f"`end_token` is {asked!r}, but the model's chat template ends every turn with {written!r}"
    return Diagnostic(REFERENCE_DIFFERS, Severity.ERROR, message, span, "write `end_token: auto`")


def _not_a_token(text: str, model: Path, span: Span) -> Diagnostic:
    message = (
        f"{text!r} is not a token of this vocabulary; {spelled_out(text, model)}. "
        "The model was never trained to end a turn with them"
    )
    return Diagnostic(
        NOT_A_TOKEN,
        Severity.ERROR,
        message,
        span,
        "write `end_token: auto`, which follows the vocabulary and the chat template",
    )


def _added(text: str, token: int | None, span: Span) -> Diagnostic:
    message = (
        f"{text!r}{f' (id {token})' if token is not None else ''} is written after every turn, which the "
        "model's chat template does not do: 1 more token per turn"
    )
    return Diagnostic(
        NOT_IN_REFERENCE,
        Severity.WARNING,
        message,
        span,
        "keep it only if the model was fine-tuned so; `end_token: auto` follows the chat template",
    )


def _check_markers(
    reference: ModelTemplate, vocabulary: Vocabulary | None, model: Path
) -> tuple[Diagnostic, ...]:
    """A chat template of another model writes control tokens that this vocabulary lacks."""
    if vocabulary is None:
        return ()
    lacking = [t for t in _markers(reference) if vocabulary.special_id_of(t) is None]
    if not lacking:
        return ()
    verb = "is not a token" if len(lacking) == 1 else "are no tokens"
    return (
        Diagnostic(
            MARKER_NOT_A_TOKEN,
            Severity.WARNING,
            f"the chat template writes {', '.join(map(repr, lacking))}, which {verb} of this vocabulary; "
            f"{lacking[0]!r}: {spelled_out(lacking[0], model)}",
            reference.span,
            "the chat template is probably another model's; name the right one (`chat_template:`)",
        ),
    )


def _markers(reference: ModelTemplate) -> list[str]:
    """What the chat template writes around turns in the way of control tokens, each once."""
    with steps_for_messages(1):
        try:
            text = reference.look([{"role": "user", "content": _QUESTION}])
        except TemplateLimitError:
            raise
        except KitError:
            text = ""
    found = control_texts(text + (text_after_turn(reference) or ""))
    return list(dict.fromkeys(found))
