"""Two sides of a comparison made of tables: text of a token to its id, the longest match first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from modelfile_kit.reference_tokenizer.reference import AddedToken, ReferenceFacts, ReferenceVocabulary


def _ids(table: Mapping[str, int], text: str) -> list[int]:
    longest = sorted(table, key=len, reverse=True)
    found = re.findall("|".join(map(re.escape, longest)) or r"(?!)", text)
    return [table[t] for t in found]


class Engine:
    """llama.cpp's side."""

    def __init__(self, table: Mapping[str, int]) -> None:
        self.table = table
        self.info: Any = SimpleNamespace(bos=None)

    def tokenize_many(self, texts, *, add_bos=None):
        return [_ids(self.table, text) for text in texts]

    def pieces(self, ids):
        texts = {number: text.encode() for text, number in self.table.items()}
        return [texts[i] for i in ids]


def vocabulary(
    *, model: str = "t5", special: Mapping[str, str] | None = None, kinds: tuple[str, ...] = ()
) -> Any:
    """The GGUF's side; its tokens are the engine's."""
    return SimpleNamespace(
        model=model, pre="", source="m.gguf", special_tokens=lambda: special or {}, kinds=lambda: kinds
    )


def own(
    table: Mapping[str, int], *, added: tuple[str, ...] = (), kinds: Mapping[int, str] | None = None
) -> Any:
    """The model's own tokenizer, which spells its tokens as they are."""
    size = max(table.values(), default=-1) + 1
    texts: list[str | None] = [None] * size
    for text, number in table.items():
        texts[number] = text
    tokens = tuple(AddedToken(table.get(t, size), t, special=True) for t in added)
    return SimpleNamespace(
        facts=ReferenceFacts("tokenizer.json", ("t.json",), size, "BPE", "plain", added=tokens),
        vocabulary=ReferenceVocabulary(texts, [(kinds or {}).get(n, "normal") for n in range(size)]),
        encode_many=lambda texts: [_ids(table, text) for text in texts],
        normalize_many=list,
    )
