"""Tokens of a vocabulary that have the same text: llama.cpp aborts on the first such pair.

It asks for as many different texts as there are tokens (`GGML_ASSERT(id_to_token.size() ==
token_to_id.size())`, src/llama-vocab.cpp of November 2026), and takes a token's text up to its first
NUL byte, and `[EMPTY_n]` for the token n that has none.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from zlib import adler32, crc32

from .arrays import StringArray, readable
from .header import Header

AT_ONCE = 500_000
"""Tokens up to which a set of all hashes is held; above it a hash takes four bytes."""

_NO_VOCABULARY = frozenset({"no_vocab", "none"})
_PARTS = 256
_EXAMPLES, _SUSPECTS = 3, 10_000


def repeated_tokens(header: Header) -> list[tuple[str, int, int]]:
    """Up to three texts that more than one token has: the text, and the ids of the first two tokens.

    Empty for a file without a vocabulary. Takes time in proportion to the vocabulary, and memory of five
    bytes a token above a fixed amount.
    """
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, StringArray) or header.metadata.text("tokenizer.ggml.model") in _NO_VOCABULARY:
        return []
    if len(tokens) <= AT_ONCE:
        different = len(set(map(hash, _as_read(tokens))))
        return _pairs(tokens, None) if different < len(tokens) else []
    suspects = _suspects(tokens)
    return _pairs(tokens, suspects) if suspects else []


def _as_read(tokens: StringArray) -> Iterator[bytes]:
    for number, raw in enumerate(tokens.iter_raw()):
        text = raw.split(b"\0", 1)[0] if 0 in raw else raw
        yield text or b"[EMPTY_%d]" % number


def _suspects(tokens: StringArray) -> set[int]:
    """Hashes that occur more than once, few of them those of different texts; not all, if there are many."""
    parts = [array("I") for _ in range(_PARTS)]
    for text in _as_read(tokens):
        code = _code(text)
        parts[code % _PARTS].append(code // _PARTS)
    found: set[int] = set()
    for number, part in enumerate(parts):
        seen: set[int] = set()
        for code in part:
            if code in seen:
                found.add(code * _PARTS + number)
                if len(found) >= _SUSPECTS:
                    return found
            else:
                seen.add(code)
    return found


def _code(text: bytes) -> int:
    # 40 bits, the same in every process: `hash` is not, and which examples are found must not depend on it.
    return crc32(text) | (adler32(text) & 0xFF) << 32


def _pairs(tokens: StringArray, suspects: set[int] | None) -> list[tuple[str, int, int]]:
    """The first texts that occur twice; suspects: where to look, None for everywhere."""
    first: dict[bytes, int] = {}
    found: dict[bytes, tuple[str, int, int]] = {}
    for number, text in enumerate(_as_read(tokens)):
        if suspects is not None and _code(text) not in suspects:
            continue
        digest = blake2b(text, digest_size=16).digest()
        before = first.setdefault(digest, number)
        if before != number and digest not in found:
            found[digest] = (readable(text), before, number)
            if len(found) == _EXAMPLES:
                break
    return list(found.values())
