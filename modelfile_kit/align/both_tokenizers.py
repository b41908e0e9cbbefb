"""A GGUF's vocabulary in llama.cpp and the model's own tokenizer: the same text through both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from ..gguf_file.pre_tokenizers import pre_tokenizers
from ..gguf_file.vocabulary import Vocabulary
from ..reference_tokenizer.reference import ReferenceTokenizer
from ..reference_tokenizer.token_text import token_bytes
from ..runtime.tokenizer import Tokenizer
from .compare import Token
from .pre_tokenizer_splits import cuts_alike


class BothTokenizers:
    """Both sides of one model.

    vocabulary: the GGUF's; engine: the same loaded into llama.cpp; reference: the model's own tokenizer.
    """

    def __init__(self, vocabulary: Vocabulary, engine: Tokenizer, reference: ReferenceTokenizer) -> None:
        self.vocabulary, self.engine, self.reference = vocabulary, engine, reference
        self._one_sided: dict[str, bool] = {}
        self._pieces: dict[int, bytes] = {}

    def ours(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens with llama.cpp, nothing added."""
        return self.engine.tokenize_many(texts, add_bos=False)

    def theirs(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of the model's own tokenizer, nothing added."""
        return self.reference.encode_many(texts)

    def differ(self, text: str) -> bool:
        """Whether a text gets other tokens."""
        return self.ours([text]) != self.theirs([text])

    def differing(self, texts: Sequence[str]) -> list[str]:
        """Those of many texts that get other tokens."""
        rows = zip(texts, self.ours(texts), self.theirs(texts), strict=True)
        return [text for text, ours, theirs in rows if ours != theirs]

    def one_sided(self, special: str) -> bool:
        """Whether only one side takes a text for one token."""
        if special not in self._one_sided:
            [ours], [theirs] = self.ours([special]), self.theirs([special])
            self._one_sided[special] = (len(ours) == 1) != (len(theirs) == 1)
        return self._one_sided[special]

    def our_tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids of llama.cpp with their texts; image N has id -1-N."""
        new = [i for i in dict.fromkeys(ids) if i >= 0 and i not in self._pieces]
        if new:
            self._pieces.update(zip(new, self.engine.pieces(new), strict=True))
        return _tokens(ids, [self._pieces[i] for i in ids if i >= 0])

    def their_tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids of the model's own tokenizer with their texts; image N has id -1-N."""
        return _tokens(ids, token_bytes(self.reference, [i for i in ids if i >= 0]))

    def our_kind(self, number: int) -> str:
        """The type of a token in the GGUF."""
        kinds = self._kinds
        return kinds[number] if 0 <= number < len(kinds) else ""

    def their_kind(self, number: int) -> str:
        """The type of a token of the model's own tokenizer."""
        kinds = self.reference.vocabulary.kinds
        return kinds[number] if 0 <= number < len(kinds) else ""

    @cached_property
    def _kinds(self) -> Sequence[str]:
        return self.vocabulary.kinds()

    @cached_property
    def special_texts(self) -> tuple[str, ...]:
        """Texts that one of the two may cut out of a text as one token, the longest first."""
        added = (token.text for token in self.reference.facts.added)
        return tuple(sorted({*added, *self.vocabulary.special_tokens()} - {""}, key=lambda t: (-len(t), t)))

    def special_in(self, text: str) -> list[str]:
        """Those of `special_texts` that a text holds, in the order of their places."""
        return list(dict.fromkeys(match[0] for match in self._special.finditer(text)))

    @cached_property
    def _special(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.special_texts)) or r"(?!)")

    @property
    def keep_otherwise(self) -> bool:
        """Whether only one side leaves a piece whole that is a token, whatever its merges say."""
        used = pre_tokenizers().get(self.vocabulary.pre or "default")
        if self.vocabulary.model != "gpt2" or used is None:
            return False
        return used.ignore_merges != self.reference.facts.ignore_merges

    def cut_otherwise(self, text: str) -> bool:
        """Whether the two pre-tokenizers are known to cut a (normalized) text at other places."""
        if self.vocabulary.model != "gpt2":
            return False
        return cuts_alike(self.vocabulary.pre, self.reference, text) is False


def _tokens(ids: Sequence[int], texts: Sequence[bytes]) -> tuple[Token, ...]:
    rest = iter(texts)
    said = (next(rest).decode("utf-8", "replace") if i >= 0 else f"image {-1 - i}" for i in ids)
    return tuple(Token(n, i, text) for n, (i, text) in enumerate(zip(ids, said, strict=True)))
