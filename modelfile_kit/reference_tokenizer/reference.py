"""What is asked of a reference tokenizer, whatever file it comes from, and the facts that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

KINDS = ("normal", "unknown", "control", "user-defined", "unused", "byte")
"""Kinds of tokens, in the words of `gguf_file.vocabulary`. Their number here is what goes over the pipe."""

NO_TOKEN = 255
"""The kind of an id that no token has."""

BYTE_LEVEL, SENTENCEPIECE, WORD_PIECE, PLAIN = "byte-level", "sentencepiece", "word pieces", "plain"
"""How tokens are spelled: a character for each byte (`Ġ` is a space), `▁` for a space, `▁` before a word and
nothing before its further pieces (as llama.cpp's converter for BERT writes them), or as they are."""


@dataclass(frozen=True)
class AddedToken:
    """A token that is cut out of a text before anything else happens to it.

    special: whether it is a control token; lstrip, rstrip: whether spaces before or behind it go with it;
    single_word: whether it must stand between word boundaries; normalized: whether it is looked for in the
    normalized text.
    """

    id: int
    text: str
    special: bool = False
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False
    normalized: bool = False


@dataclass(frozen=True)
class ReferenceFacts:
    """What the files of a tokenizer say.

    kind: "tokenizer.json", "tokenizer.model", "tiktoken" or "tekken.json"; files: what was read, the
    tokenizer first; size: the highest id and one; algorithm: BPE, Unigram, WordPiece or WordLevel; spelling:
    `BYTE_LEVEL`, `SENTENCEPIECE`, `WORD_PIECE` or `PLAIN`; special: text and id by role (bos, eos, unk, pad,
    …); adds_bos, adds_eos: whether plain text gets them; space_prefix: whether a space is put before the
    text; None where that is no question; byte_fallback: whether unknown characters become byte tokens;
    ignore_merges: whether a piece that is a token stays whole; normalizer, pre_tokenizer: the steps in words,
    empty for none;
    patterns: the regular expressions of the pre-tokenizer; added: its added tokens, by id.
    """

    kind: str
    files: tuple[str, ...]
    size: int
    algorithm: str
    spelling: str
    special: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    adds_bos: bool = False
    adds_eos: bool = False
    space_prefix: bool | None = None
    byte_fallback: bool = False
    ignore_merges: bool = False
    normalizer: tuple[str, ...] = ()
    pre_tokenizer: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    added: tuple[AddedToken, ...] = ()

    @property
    def source(self) -> str:
        """The file of the tokenizer."""
        return self.files[0]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReferenceFacts:
        """The facts out of a child's answer."""
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        special = {role: (str(text), int(number)) for role, (text, number) in data["special"].items()}
        added = tuple(AddedToken(**token) for token in data["added"])
        plain |= {"special": special, "added": added}
        return cls(**plain)


@dataclass(frozen=True)
class ReferenceVocabulary:
    """Every token by its id, spelled as a GGUF spells it.

    texts: None for an id that no token has; kinds: of `KINDS`, "" for such an id; merges: "left right" in
    the order of their rank, None where the file has no such list; scores: of each id, None where there are
    none.
    """

    texts: Sequence[str | None] = field(repr=False)
    kinds: Sequence[str] = field(repr=False)
    merges: Sequence[str] | None = field(default=None, repr=False)
    scores: Sequence[float] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Ids by text; the lowest where two tokens have one text."""
        found: dict[str, int] = {}
        for number, text in enumerate(self.texts):
            if text is not None:
                found.setdefault(text, number)
        return found

    def id_of(self, text: str) -> int | None:
        """The id of the token that is spelled like this, None if there is none."""
        return self.ids.get(text)


class ReferenceTokenizer(Protocol):
    """A model's own tokenizer."""

    @property
    def facts(self) -> ReferenceFacts:
        """What its files say."""
        ...

    @property
    def vocabulary(self) -> ReferenceVocabulary:
        """Its tokens; read once, when they are first asked for."""
        ...

    def encode(self, text: str, *, add_special: bool = False) -> list[int]:
        """Token ids of a text, special tokens in it parsed; add_special: put BOS and EOS around as for plain
        text."""
        ...

    def encode_many(self, texts: Sequence[str], *, add_special: bool = False) -> list[list[int]]:
        """`encode` for many texts in one request."""
        ...

    def normalize_many(self, texts: Sequence[str]) -> list[str]:
        """Each text as the normalizer leaves it."""
        ...

    def split_many(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces into which the pre-tokenizer cuts each (normalized) text; tokens never cross them."""
        ...
