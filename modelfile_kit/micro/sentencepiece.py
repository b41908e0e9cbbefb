"""A micro vocabulary of SentencePiece's kind (`tokenizer.ggml.model = llama`)."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import COLOURS
from .tokens import CONTROL, NORMAL, USER_DEFINED, MicroVocabulary

UNKNOWN, BYTE = 2, 6
"""Token types as llama.h numbers them."""

SPACE = "\u2581"
"""What SentencePiece writes for a space."""


def build_sentencepiece(
    *, unknown: str, control: Iterable[str], user_defined: Iterable[str], words: Iterable[str]
) -> MicroVocabulary:
    """Special tokens in their order, the 256 bytes, the letters of ASCII, and `words` as one token each."""
    tokens: list[str] = []
    types: list[int] = []
    ids: dict[str, int] = {}
    ordinary = [SPACE, *map(chr, range(0x21, 0x7F)), *COLOURS, *words]
    for texts, kind in (
        ([unknown], UNKNOWN),
        (control, CONTROL),
        (user_defined, USER_DEFINED),
        ([f"<0x{byte:02X}>" for byte in range(256)], BYTE),
        (ordinary, NORMAL),
    ):
        for text in texts:
            if text not in ids:
                ids[text] = len(tokens)
                tokens.append(text)
                types.append(kind)
    # Longer pieces win, so that a word is one token where all of it is there.
    pieces = zip(tokens, types, strict=True)
    scores = [len(text) - 1000.0 if kind == NORMAL else 0.0 for text, kind in pieces]
    return MicroVocabulary(tokens, types, (), ids, scores)
