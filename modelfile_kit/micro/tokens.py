"""The micro model's vocabulary: all bytes, a few words, and GLM-4.1V's control tokens.

Byte-level BPE (GPT-2's byte alphabet), so every text can be tokenized; a text that is not a token
splits into single bytes, which makes a wrong end token easy to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .answers import COLOURS

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
"""Token types as llama.h numbers them (enum llama_token_type)."""

CONTROL_TOKENS = (
    "<|endoftext|>",
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "<sop>",
    "<eop>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
    "<|begin_of_image|>",
    "<|end_of_image|>",
    "<|begin_of_video|>",
    "<|end_of_video|>",
    "<|image|>",
    "<|video|>",
)
"""In the order of GLM-4.1V's own vocabulary, where they begin at id 151329."""

USER_DEFINED_TOKENS = ("<think>", "</think>", "<answer>", "</answer>")

# Words that are one token. The first ones are plain ASCII: llama.cpp logs the first merges cut to a
# fixed number of bytes, and a cut inside a two-byte character is not UTF-8 any more.
_WORDS = ("no", "No", "The", "What", *COLOURS)
_WORDS_AFTER_SPACE = (" image", " picture", " is", " colour", " color", *(" " + c for c in COLOURS))


def byte_alphabet() -> list[str]:
    """GPT-2's printable stand-in for each of the 256 bytes, indexed by byte.

    Printable Latin-1 stands for itself; the other bytes take the characters from U+0100 on, in order.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


_ALPHABET = byte_alphabet()


def to_byte_level(text: str) -> str:
    """Text as a byte-level vocabulary spells it (a space becomes `Ġ`)."""
    return "".join(_ALPHABET[b] for b in text.encode())


@dataclass(frozen=True)
class MicroVocabulary:
    """tokens, types, merges or scores as a GGUF holds them; `id_of` finds a token by its plain text."""

    tokens: Sequence[str]
    types: Sequence[int]
    merges: Sequence[str]
    _ids: dict[str, int] = field(repr=False)
    scores: Sequence[float] = ()

    def __len__(self) -> int:
        return len(self.tokens)

    def id_of(self, text: str) -> int:
        """The id of the token with this plain text; KeyError if it is not one token."""
        return self._ids[text] if text in self._ids else self._ids[to_byte_level(text)]


def build_vocabulary(
    extra_tokens: Iterable[str] = (),
    *,
    control: Iterable[str] = CONTROL_TOKENS,
    user_defined: Iterable[str] = USER_DEFINED_TOKENS,
    words: Iterable[str] = (),
) -> MicroVocabulary:
    """A byte-level vocabulary: bytes and words, then special tokens in their order.

    control, user_defined: the special tokens, by default GLM-4.1V's; extra_tokens: further control tokens.
    words: further texts that are one token each.
    """
    tokens = sorted(_ALPHABET)
    ids = {token: i for i, token in enumerate(tokens)}
    merges: list[str] = []
    for word in (*_WORDS, *_WORDS_AFTER_SPACE, *words):
        spelled = to_byte_level(word)
        for end in range(2, len(spelled) + 1):  # one merge per letter builds the word from the left
            if spelled[:end] not in ids:
                ids[spelled[:end]] = len(tokens)
                tokens.append(spelled[:end])
                merges.append(f"{spelled[: end - 1]} {spelled[end - 1]}")
    types = [NORMAL] * len(tokens)
    for texts, kind in ((control, CONTROL), (user_defined, USER_DEFINED), (extra_tokens, CONTROL)):
        for text in texts:
            if text not in ids:
                ids[text] = len(tokens)
                tokens.append(text)
                types.append(kind)
    return MicroVocabulary(tokens, types, merges, ids)
