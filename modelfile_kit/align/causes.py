"""Why a prompt differs from its reference: one small function per known cause.

Each function looks at one place of difference and says what it means, or None; `core.codes` has the codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity
from ..ollama.printable import drop_refused
from ..ollama.special_tokens import TOKEN_LIKE, control_texts
from .diff import Hunk, hunks
from .image_places import Wrapper

Spell = Callable[[str], list[tuple[int, str]]]

_THINK = re.compile(r"</?(?:think|thinking|thought|reasoning)>|<\|(?:START|END)_THINKING\|>|\[/?THINK\]")
# Characters of a text that are quoted in a message.
_QUOTED = 60


@dataclass(frozen=True)
class PromptPair:
    """A prompt and its reference, without a leading BOS, images as `[img-N]`, and what is known about them.

    messages: the conversation's; spell: the tokens of a text, None without a tokenizer; wrapper:
    what libmtmd writes around images.
    """

    prompt: str
    reference: str
    messages: Sequence[Message] = ()
    spell: Spell | None = None
    wrapper: Wrapper = field(default_factory=Wrapper)

    @property
    def contents(self) -> list[str]:
        """The messages' texts."""
        return [c for m in self.messages if isinstance(c := m.get("content"), str) and c]


Cause = Callable[[Hunk, PromptPair], Diagnostic | None]


def explain(pair: PromptPair) -> tuple[Diagnostic, ...]:
    """A diagnostic for every difference of the two texts, each kind once; MK700 where no cause is known."""
    found = [
        next(filter(None, (cause(h, pair) for cause in CAUSES)), None) or unknown(h)
        for h in differences(pair)
    ]
    counts: dict[Diagnostic, int] = {}
    for diagnostic in found:
        counts[diagnostic] = counts.get(diagnostic, 0) + 1
    return tuple(_times(d, n) for d, n in counts.items())


def differences(pair: PromptPair) -> list[Hunk]:
    """The places where the two texts differ."""
    return hunks(pair.prompt, pair.reference)


def crlf(hunk: Hunk, _pair: PromptPair) -> Diagnostic | None:
    """Windows line ends in a TEMPLATE or a message."""
    if hunk.extra == hunk.missing or hunk.extra.replace("\r\n", "\n") != hunk.missing:
        return None
    return _error(
        "MK722",
        "a line ends in CR LF, expected LF: for the model these are other tokens",
        "save the TEMPLATE (or the file it comes from) with LF line ends",
    )


def unicode_form(hunk: Hunk, _pair: PromptPair) -> Diagnostic | None:
    """The same text in another normalisation form."""
    if not hunk.extra or unicodedata.normalize("NFC", hunk.extra) != unicodedata.normalize(
        "NFC", hunk.missing
    ):
        return None
    return _error(
        "MK723",
        f"{_quote(hunk.extra)} looks like {_quote(hunk.missing)} but is another Unicode normalisation of it",
        "write the text in the form that the chat template has (normally NFC)",
    )


def dropped_characters(hunk: Hunk, _pair: PromptPair) -> Diagnostic | None:
    """Characters that Ollama silently drops from a Modelfile."""
    if not hunk.missing or hunk.extra != drop_refused(hunk.missing) or hunk.extra == hunk.missing:
        return None
    lost = "".join(c for c in hunk.missing if not drop_refused(c))
    return _error(
        "MK118",
        f"{_quote(lost)} is lost: Ollama drops characters that Go does not count as printable",
        f'write it in the TEMPLATE as a Go string, {{{{ "{_escaped(lost)}" }}}}',
    )


def image_marks_twice(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """The TEMPLATE writes what libmtmd puts around every image anyway."""
    marks = [m for m in (pair.wrapper.begin, pair.wrapper.end) if m.strip() and m in hunk.extra]
    if not marks:
        return None
    return _error(
        "MK250",
        f"the TEMPLATE writes {' and '.join(marks)} around an image, and llama.cpp writes the same: "
        "the model sees them twice",
        "remove them from the TEMPLATE: llama.cpp writes them where Ollama puts [img-N]",
    )


def thinking_tags(hunk: Hunk, _pair: PromptPair) -> Diagnostic | None:
    """Thinking tags on one side only."""
    extra, missing = _THINK.findall(hunk.extra), _THINK.findall(hunk.missing)
    if extra == missing:
        return None
    if missing and not extra:
        what = f"{' '.join(dict.fromkeys(missing))} is missing; the chat template writes it"
    elif extra and not missing:
        what = f"{' '.join(dict.fromkeys(extra))} is written; the chat template does not write it"
    else:
        what = f"thinking is marked {' '.join(extra)}, expected {' '.join(missing)}"
    return _error("MK724", what, "let the TEMPLATE follow .Think and .Thinking as the chat template does")


def end_token(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """A token after a turn that the reference does not write."""
    token = TOKEN_LIKE.search(hunk.extra)
    if not token or hunk.missing.strip() or token.group() in pair.reference:
        return None
    text = token.group()
    parts = pair.spell(text) if pair.spell else []
    if len(parts) > 1:
        return _error(
            "MK323",
            f"{text} is not a token of this vocabulary: it splits into {len(parts)} ordinary tokens "
            f"({_spelled(parts)}), which the model was never trained on at this place",
            "remove it from the TEMPLATE (`end_token: none`), or use the end token of this model",
        )
    return _error(
        "MK302",
        f"{text} is written; the chat template does not write it anywhere in this conversation",
        "remove it from the TEMPLATE (`end_token: none`), unless the model was trained with it",
    )


def generation_prompt(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """The text that makes the model answer, at the end of the prompt."""
    if not hunk.at_end or not hunk.missing.strip() or hunk.extra.strip():
        return None
    if any(c.strip() and c.strip() in hunk.missing for c in pair.contents):
        return None
    return _error(
        "MK248",
        f"the prompt does not end with the generation prompt {_quote(hunk.missing)}",
        "end the TEMPLATE with it, after the last message",
    )


def system_prompt(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """The system message on one side only, or in another place."""
    for message in pair.messages:
        text = str(message.get("content") or "").strip()
        if message.get("role") != "system" or not text:
            continue
        if text in hunk.missing and text not in hunk.extra:
            lost = text not in pair.prompt
            what = "is missing" if lost else "is in another place than in the chat template's prompt"
            return _error(
                "MK205" if lost else "MK725",
                f"the system prompt {_quote(text)} {what}",
                "write .System (or the system messages) in the TEMPLATE where the chat template does",
            )
        if text in hunk.extra and text not in hunk.missing:
            again = pair.prompt.count(text) > pair.reference.count(text)
            what = "is repeated" if again else "is moved"
            return _error(
                "MK207" if again else "MK725",
                f"the system prompt {_quote(text)} {what}: the chat template does not write it here",
                "write it once: .System has the same text as the messages of role system",
            )
    return None


def special_token_missing(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """A role token or another special token that only the reference has."""
    missing = [t for t in control_texts(hunk.missing) if t not in hunk.extra]
    own = [t for t in missing if not any(t in c for c in pair.contents)]
    if not own:
        return None
    return _error(
        "MK708",
        f"{' '.join(dict.fromkeys(own))} is missing after {_quote(hunk.before[-20:])}",
        "write it where the chat template does; without it the model does not know whose turn it is",
    )


def trimmed(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """Spaces at a message's edge that one side keeps and the other trims."""
    if (hunk.extra + hunk.missing).strip() or not (hunk.extra or hunk.missing):
        return None
    longer = hunk.missing if len(hunk.missing) > len(hunk.extra) else hunk.extra
    edges = [c[: len(c) - len(c.lstrip())] for c in pair.contents] + [
        c[len(c.rstrip()) :] for c in pair.contents
    ]
    if not any(e and (e in longer or longer in e) for e in edges) or not _beside_content(hunk, pair):
        return None
    if longer is hunk.missing:
        return _error(
            "MK721",
            f"spaces of a message ({_quote(longer)}) are trimmed; the chat template keeps them",
            "write {{ .Content }} without trimming, and without `-` in the braces beside it",
        )
    return _error(
        "MK721",
        f"spaces of a message ({_quote(longer)}) are kept; the chat template trims them",
        "Go templates have no trim function; `mkmodelfile compile` writes what can be written instead",
    )


def space_or_newline(hunk: Hunk, _pair: PromptPair) -> Diagnostic | None:
    """Spaces or newlines of the template itself."""
    if (hunk.extra + hunk.missing).strip():
        return None
    where = (
        "at the start"
        if hunk.at_start
        else "at the end"
        if hunk.at_end
        else f"after {_quote(hunk.before[-20:])}"
    )
    what = (
        f"{_quote(hunk.extra)} instead of {_quote(hunk.missing)}"
        if hunk.extra and hunk.missing
        else f"{_quote(hunk.missing)} is missing"
        if hunk.missing
        else f"unexpected {_quote(hunk.extra)}"
    )
    return _error(
        "MK720",
        f"{what} {where}",
        "check the newlines of the TEMPLATE and the `-` in its braces, which remove the spaces beside them",
    )


def template_text_missing(hunk: Hunk, pair: PromptPair) -> Diagnostic | None:
    """Words of the chat template's own, such as a default system prompt."""
    text = hunk.missing.strip()
    if hunk.extra.strip() or not re.search(r"\w", text) or any(text in c or c in text for c in pair.contents):
        return None
    return _error(
        "MK727",
        f"{_quote(text)} is missing; the chat template writes it by itself",
        "write it in the TEMPLATE too, for instance as the default of .System",
    )


def unknown(hunk: Hunk) -> Diagnostic:
    """What is said where no cause is known."""
    if hunk.extra and hunk.missing:
        what = f"{_quote(hunk.extra)} instead of {_quote(hunk.missing)}"
    else:
        what = f"{_quote(hunk.missing)} is missing" if hunk.missing else f"unexpected {_quote(hunk.extra)}"
    where = f"after {_quote(hunk.before[-20:])}" if hunk.before else "at the start"
    return _error(
        "MK700",
        f"{where}: {what}",
        "compare TEMPLATE and chat template at this place; `mkmodelfile compile` writes an exact TEMPLATE",
    )


CAUSES: tuple[Cause, ...] = (
    crlf,
    unicode_form,
    dropped_characters,
    image_marks_twice,
    thinking_tags,
    end_token,
    generation_prompt,
    system_prompt,
    special_token_missing,
    trimmed,
    space_or_newline,
    template_text_missing,
)


def split_tokens(pair: PromptPair) -> tuple[Diagnostic, ...]:
    """Texts of the template, written like special tokens, that are not tokens of this vocabulary.

    Looks at what both sides write, so it shows a chat template that belongs to another model.
    """
    if pair.spell is None:
        return ()
    own = dict.fromkeys(t for t in control_texts(pair.reference) if not any(t in c for c in pair.contents))
    found = []
    for text in own:
        parts = pair.spell(text)
        if len(parts) > 1:
            found.append(
                Diagnostic(
                    "MK323",
                    Severity.WARNING,
                    f"the chat template writes {text}, which is not a token of this vocabulary: it splits "
                    f"into {len(parts)} ordinary tokens ({_spelled(parts)})",
                    help="check that the chat template belongs to this model",
                )
            )
    return tuple(found)


def _beside_content(hunk: Hunk, pair: PromptPair) -> bool:
    before, after = hunk.before.rstrip(), hunk.after.lstrip()
    return any(
        (before and before.endswith(c.strip()[-20:])) or (after and after.startswith(c.strip()[:20]))
        for c in pair.contents
        if c.strip()
    )


def _spelled(parts: Sequence[tuple[int, str]]) -> str:
    return " ".join(f"{i}:{piece!r}" for i, piece in parts[:16]) + (" …" if len(parts) > 16 else "")


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in text)


def _quote(text: str) -> str:
    return repr(text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…")


def _times(diagnostic: Diagnostic, count: int) -> Diagnostic:
    if count == 1:
        return diagnostic
    message = f"{diagnostic.message} ({count} times)"
    return Diagnostic(diagnostic.code, diagnostic.severity, message, diagnostic.span, diagnostic.help)


def _error(code: str, message: str, help: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, help=help)
