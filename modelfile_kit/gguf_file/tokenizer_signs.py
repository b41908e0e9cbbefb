"""What a GGUF says about its tokenizer that cannot be right, whatever model it was made from.

Without the original model's tokenizer only contradictions show: between the vocabulary, the settings beside
it, and the texts that the chat template writes. What llama.cpp makes of each is in src/llama-vocab.cpp of
August 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GGUFError
from .header import Header
from .pre_tokenizers import pre_tokenizers
from .vocabulary import Vocabulary

NO_PRE_TOKENIZER, UNKNOWN_PRE_TOKENIZER, TYPED_NORMAL = "MK440", "MK441", "MK442"
NO_MERGES, BYTES_AS_TEXT = "MK443", "MK444"

BYTE_PAIRS, SENTENCEPIECE = "gpt2", "llama"

FEW_TOKENS = 1000
"""A vocabulary below this is a toy, and needs neither merges nor a pre-tokenizer."""

MERGES_PER_TOKEN = 0.9
"""Of 17 vocabularies in llama.cpp's models/, the fewest merges for an ordinary token are 0.994."""

_SINGLE_BYTES = 256
_EXAMPLES = 4

_CONTROL = r"<\|[^<>|\s{}]{1,60}\|>|<\uff5c[^<>\uff5c\n{}]{1,60}\uff5c>|<(?:start|end)_of_[a-z]{1,20}>"
# A byte-pair token of this form is never put together: every pre-tokenizer cuts at the brackets.
_TAG = re.compile(rf"{_CONTROL}|</?[A-Za-z][\w.:-]{{0,60}}>|\[/?[A-Z][A-Z_]{{1,40}}\]")
_SHAPE = re.compile(_CONTROL)


def tokenizer_signs(header: Header) -> Iterator[Diagnostic]:
    """What speaks against a model's tokenizer; nothing for a file without a vocabulary, or a broken one."""
    if "tokenizer.ggml.tokens" not in header.metadata:
        return
    try:
        vocabulary = Vocabulary.from_header(header)
        for rule in _RULES if len(vocabulary) >= FEW_TOKENS else ():
            yield from rule(vocabulary)
    except GGUFError:  # every command says so itself
        return


def _pre_tokenizer(vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    if vocabulary.model != BYTE_PAIRS:
        return
    if vocabulary.pre in ("", "default"):
        said = "says `default`" if vocabulary.pre else "is missing"
        yield _found(
            NO_PRE_TOKENIZER,
            Severity.WARNING,
            vocabulary,
            f"the vocabulary's pre-tokenizer {said} (tokenizer.ggml.pre): llama.cpp cuts numbers, "
            "contractions and newlines by a rule that hardly any model was trained with; answers get worse",
            "convert the model again with a converter that knows it, or name the right one: `mkmodelfile "
            "patch MODEL --set tokenizer.ggml.pre=NAME` (`mkmodelfile inspect MODEL --tokenizer FOLDER` "
            "finds it)",
        )
    elif vocabulary.pre not in pre_tokenizers():
        yield _found(
            UNKNOWN_PRE_TOKENIZER,
            Severity.WARNING,
            vocabulary,
            f"llama.cpp (August 2026) knows no pre-tokenizer {vocabulary.pre!r} (tokenizer.ggml.pre); an "
            "engine that does not know it refuses the file",
            "use an engine that is newer than the model, or correct the name with `mkmodelfile patch`",
        )


def _typed_normal(vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    """Tokens that the chat template writes, and that are typed as ordinary text."""
    shape = _TAG if vocabulary.model == BYTE_PAIRS else _SHAPE
    written = dict.fromkeys(t for source in vocabulary.chat_templates.values() for t in shape.findall(source))
    ids = vocabulary.ids_of(written)
    wrong = [text for text in written if text in ids and vocabulary.is_plain(text, ids[text])]
    if wrong:
        shown = ", ".join(f"{text!r} ({ids[text]})" for text in wrong[:_EXAMPLES])
        yield _found(
            TYPED_NORMAL,
            Severity.WARNING,
            vocabulary,
            f"the chat template writes {len(wrong)} token{'s' * (len(wrong) > 1)} that the GGUF types as "
            f"normal: {shown}{', …' if len(wrong) > _EXAMPLES else ''}; llama.cpp splits such a text into "
            "several ordinary tokens",
            "convert the model again from its original files; their tokenizer_config.json has to list it",
        )


def _merges(vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    if vocabulary.model != BYTE_PAIRS or vocabulary.pre == "kimi-k2":  # Kimi's are made by the engine
        return
    if vocabulary.merges is None:
        yield _found(
            NO_MERGES,
            Severity.ERROR,
            vocabulary,
            "the byte-pair vocabulary has no merges (tokenizer.ggml.merges): llama.cpp refuses such a file",
            _AGAIN,
        )
        return
    normal = vocabulary.count_of("normal")
    expected = normal - _SINGLE_BYTES
    count = len(vocabulary.merges)
    if count < MERGES_PER_TOKEN * expected:
        yield _found(
            NO_MERGES,
            Severity.WARNING,
            vocabulary,
            f"the vocabulary has {normal:,} ordinary tokens and only {count:,} merges "
            f"(tokenizer.ggml.merges): at least {expected - count:,} tokens are never put together; texts "
            "with them are split otherwise",
            _AGAIN,
        )


def _bytes(vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    if vocabulary.model != SENTENCEPIECE:
        return
    newline = vocabulary.id_of("<0x0A>")
    if newline is not None and vocabulary.type_of(newline) == "normal":
        yield _found(
            BYTES_AS_TEXT,
            Severity.WARNING,
            vocabulary,
            f"the token '<0x0A>' ({newline}) is typed as normal, not as a byte: replies show '<0x0A>' where "
            "a line ends",
            _AGAIN,
        )


_AGAIN = "convert the model again from its original files"

_RULES: tuple[Callable[[Vocabulary], Iterator[Diagnostic]], ...] = (
    _pre_tokenizer,
    _typed_normal,
    _merges,
    _bytes,
)


def _found(code: str, severity: Severity, vocabulary: Vocabulary, message: str, help: str) -> Diagnostic:
    return Diagnostic(code, severity, message, Span(vocabulary.source), help)
