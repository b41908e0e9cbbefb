"""The tokens by which a vocabulary marks a gap that the model is to fill (llama.cpp, src/llama-vocab.cpp)."""

from __future__ import annotations

from typing import NamedTuple

from .header import Header
from .vocabulary import Vocabulary

# By metadata name, older name, and the texts that llama.cpp takes for the token where no name is given.
_TOKENS = (
    (
        "fim_pre",
        "prefix",
        ("<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<\uff5cfim\u2581begin\uff5c>", "<PRE>"),
        ("\u2581<PRE>", "<|code_prefix|>"),
    ),
    (
        "fim_suf",
        "suffix",
        ("<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<\uff5cfim\u2581hole\uff5c>", "<SUF>"),
        ("\u2581<SUF>", "<|code_suffix|>"),
    ),
    (
        "fim_mid",
        "middle",
        ("<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<\uff5cfim\u2581end\uff5c>", "<MID>"),
        ("\u2581<MID>", "<|code_middle|>"),
    ),
)


class FillIn(NamedTuple):
    """The texts of the three tokens: before the text, before what follows the gap, before the answer."""

    prefix: str
    suffix: str
    middle: str


def fill_in_tokens(header: Header, vocabulary: Vocabulary) -> FillIn | None:
    """The three tokens; None where one is missing, as llama-server's /infill then refuses too."""
    found = []
    for name, older, texts, more in _TOKENS:
        ids = (header.metadata.integer(f"tokenizer.ggml.{key}_token_id") for key in (name, older))
        said = next((i for i in ids if i is not None and 0 <= i < len(vocabulary)), None)
        if said is not None:
            text: str | None = vocabulary.token(said)
        else:
            text = next((t for t in (*texts, *more) if vocabulary.special_id_of(t) is not None), None)
        if text is None or vocabulary.special_id_of(text) is None:
            return None
        found.append(text)
    return FillIn(*found)
