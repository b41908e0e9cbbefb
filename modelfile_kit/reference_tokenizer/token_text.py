"""What the tokens of a reference tokenizer say, as people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .formats.byte_level import read
from .reference import BYTE_LEVEL, SENTENCEPIECE, WORD_PIECE, ReferenceTokenizer

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def token_bytes(reference: ReferenceTokenizer, ids: Sequence[int]) -> list[bytes]:
    """The bytes that each token stands for, special tokens as they are written.

    An id that no token has is empty. A space that only marks the beginning of a word is a space.
    """
    vocabulary, spelling = reference.vocabulary, reference.facts.spelling
    found = []
    for number in ids:
        known = 0 <= number < len(vocabulary)
        text = (vocabulary.texts[number] or "") if known else ""
        found.append(_bytes(text, vocabulary.kinds[number] if known else "", spelling))
    return found


def _bytes(text: str, kind: str, spelling: str) -> bytes:
    byte = _BYTE.fullmatch(text) if kind == "byte" else None
    if byte is not None:
        return bytes.fromhex(byte[1])
    if kind in ("normal", "unused", "byte"):
        if spelling == BYTE_LEVEL:
            return read(text)
        if spelling in (SENTENCEPIECE, WORD_PIECE):
            text = text.replace("▁", " ")
    return text.encode("utf-8", "surrogatepass")
