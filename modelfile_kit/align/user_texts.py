"""Texts of a user that become special tokens on their way to the model, and what they can do there.

llama-server reads a whole prompt with special tokens, and so does a tokenizer of Hugging Face that gets a
rendered chat template: neither can tell the template's own tokens from those that stand in a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError
from ..gguf_file.vocabulary import Vocabulary
from ..ollama.special_tokens import control_texts
from ..reference_tokenizer.reference import ReferenceTokenizer
from ..runtime.tokenizer import Tokenizer

FOUND = "MK766"

Render = Callable[[Sequence[Message]], str]
"""Messages to the prompt that the engine gets."""

_BEFORE, _BEHIND = "zqx", "xqz"
_SHOWN = 6


@dataclass(frozen=True)
class UserTexts:
    """What was found.

    engine: texts that become one special token with llama.cpp; reference: with the model's own tokenizer,
    None without one; closing: those of `engine` that end the user's turn when a message holds them: they
    were seen in a rendered prompt.
    """

    engine: tuple[str, ...]
    reference: tuple[str, ...] | None
    closing: tuple[str, ...]

    def diagnostic(self, source: str) -> Diagnostic | None:
        """What is said of the package, None where no message can end its turn. source: the GGUF."""
        if not self.closing:
            return None
        count = f"{len(self.engine):,} texts become special tokens with Ollama"
        if self.reference is not None:
            count += f", {len(self.reference):,} with Hugging Face"
            if one_sided := sorted(set(self.engine) ^ set(self.reference)):
                count += f" ({_listed(one_sided)} with one of them only)"
        verb = "ends" if len(self.closing) == 1 else "end"
        return Diagnostic(
            FOUND,
            Severity.INFO,
            f"a message can hold special tokens as text: {count}; {_listed(self.closing)} {verb} the user's "
            "turn, so the words of a user can pose as another turn",
            Span(source),
            "take these texts out of what users send, or break them up; Ollama has no setting against it, "
            "Hugging Face has split_special_tokens=True for the words of users",
        )


def user_texts(
    render: Render, vocabulary: Vocabulary, engine: Tokenizer, reference: ReferenceTokenizer | None = None
) -> UserTexts:
    """Tries every special text in a message.

    render: the package's way from messages to a prompt; vocabulary: the GGUF's, in engine too; reference:
    the model's own tokenizer. Raises EngineError where a tokenizer fails.
    """
    special = list(vocabulary.special_tokens())
    rows = engine.tokenize_many([f"a{text}b" for text in special], add_bos=False)
    ids = vocabulary.ids_of(special)
    ours = tuple(text for text, row in zip(special, rows, strict=True) if ids[text] in row)
    theirs = None
    if reference is not None:
        added = [token for token in reference.facts.added if token.text]
        found = reference.encode_many([f"a{token.text}b" for token in added])
        theirs = tuple(t.text for t, row in zip(added, found, strict=True) if t.id in row)
    return UserTexts(ours, theirs, tuple(_closing(render, vocabulary, engine, set(ours))))


def _closing(render: Render, vocabulary: Vocabulary, engine: Tokenizer, special: set[str]) -> list[str]:
    """Texts that stand behind a message or end a reply, and that a message brings into the prompt."""
    plain = _rendered(render, _BEFORE + _BEHIND)
    _, there, behind = plain.rpartition(_BEFORE + _BEHIND)
    if not there:
        return []
    turns = [text for text in control_texts(behind) if text in special]
    ends = [vocabulary.token(i) for i in sorted(vocabulary.end_of_generation())]
    closing = []
    [before] = engine.tokenize_many([plain], add_bos=False)
    for text in dict.fromkeys([*turns[:1], *(t for t in ends if t in special)]):
        # through the whole way: what the template makes of it counts, not what the tokenizer would
        prompt = _rendered(render, _BEFORE + text + _BEHIND)
        [ids] = engine.tokenize_many([prompt], add_bos=False)
        number = vocabulary.id_of(text)
        if number is not None and ids.count(number) > before.count(number):
            closing.append(text)
    return closing


def _rendered(render: Render, content: str) -> str:
    try:
        return render([{"role": "user", "content": content}])
    except KitError:
        return ""


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
