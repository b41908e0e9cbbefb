"""A small model with every tokenizer that llama.cpp has, and with each word of its metadata about BOS.

llama.cpp, src/llama-vocab.cpp: `tokenizer.ggml.model` names the tokenizer, and for BPE `tokenizer.ggml.pre`
decides what is added where the metadata says nothing (`add_bos_token` is absent). `none` has no tokens, so
nothing can be asked of it but to be loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf

from .pairs import shapes
from .text_architectures import keys_of
from .writer import add_keys, letters, write_tensors

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
BOS, EOS = "<s>", "</s>"
BYTES = [f"<0x{n:02X}>" for n in range(256)]
WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "absent": None}
"""What the metadata may say in add_bos_token, as the table spells it."""


@dataclass(frozen=True)
class Tokenizer:
    """model, pre: what the metadata names; tokens: text and type, BOS and EOS among them; keys: further
    metadata; bos: the text of BOS, "" where the vocabulary has none."""

    model: str
    pre: str = ""
    tokens: Sequence[tuple[str, int]] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)
    bos: str = BOS


def _ids(tokens: Sequence[tuple[str, int]], **names: str) -> dict[str, int]:
    texts = [text for text, _ in tokens]
    return {f"tokenizer.ggml.{name}_token_id": texts.index(text) for name, text in names.items()}


def _bpe(pre: str, bos: str = BOS, model: str = "gpt2", special: str = "gpt2") -> Tokenizer:
    alphabet = letters() if special == "gpt2" else ["h", "i", *BYTES]
    plain = [(text, NORMAL if len(text) == 1 else BYTE) for text in sorted(alphabet)]
    tokens = [*plain, (bos, CONTROL), (EOS, CONTROL)]
    merges = {"tokenizer.ggml.merges": ["a b"]}
    return Tokenizer(model, pre, tokens, {**merges, **_ids(tokens, bos=bos, eos=EOS)}, bos)


def _pieces() -> list[tuple[str, int]]:
    """SentencePiece: the special tokens where llama.cpp expects them, bytes, letters and a space."""
    first = [("<unk>", UNKNOWN), (BOS, CONTROL), (EOS, CONTROL)]
    return [*first, *((b, BYTE) for b in BYTES), *((c, NORMAL) for c in "▁hi")]


def _word_pieces() -> list[tuple[str, int]]:
    """BERT: special tokens at their fixed ids, words with the mark that the converter gives them."""
    tokens = [(f"[unused{n}]", NORMAL) for n in range(104)]
    for place, text in ((0, "[PAD]"), (100, "[UNK]"), (101, "[CLS]"), (102, "[SEP]"), (103, "[MASK]")):
        tokens[place] = (text, CONTROL)
    return [*tokens, ("▁hi", NORMAL), ("▁h", NORMAL), ("i", NORMAL)]


def _unigram() -> list[tuple[str, int]]:
    first = [("<pad>", CONTROL), (EOS, CONTROL), ("<unk>", UNKNOWN), (BOS, CONTROL)]
    return [*first, *((text, NORMAL) for text in ("▁", "h", "i", "▁hi"))]


def _plamo() -> list[tuple[str, int]]:
    first = [("<unk>", UNKNOWN), (BOS, CONTROL), (EOS, CONTROL), ("<pad>", CONTROL)]
    return [*first, *((b, BYTE) for b in BYTES), ("h", NORMAL), ("i", NORMAL)]


_UNIGRAM = _unigram()
_RWKV = [(BOS, CONTROL), (EOS, CONTROL), ("h", NORMAL), ("i", NORMAL), ("\\n", NORMAL)]

TOKENIZERS: Mapping[str, Tokenizer] = {
    "BPE qwen2": _bpe("qwen2"),
    "BPE llama-bpe": _bpe("llama-bpe"),
    "BPE <bos>": _bpe("qwen2", "<bos>"),
    "BPE gemma4": _bpe("", "<bos>", "gemma4", "gemma4"),
    "BPE hybriddna": _bpe("qwen2", model="hybriddna"),
    "BPE whitespace": _bpe("qwen2", model="whitespace"),
    "SPM": Tokenizer("llama", "", _pieces()),
    "WPM": Tokenizer("bert", "", _word_pieces(), bos="[CLS]"),
    "UGM": Tokenizer("t5", "", _UNIGRAM, _ids(_UNIGRAM, bos=BOS)),
    "RWKV": Tokenizer("rwkv", "", _RWKV, _ids(_RWKV, bos=BOS, eos=EOS)),
    "PLaMo2": Tokenizer("plamo2", "", _plamo()),
    "none": Tokenizer("none", bos=""),
}


def vocabularies() -> Iterator[tuple[str, str]]:
    """Each tokenizer with each word about BOS."""
    return ((name, said) for name in TOKENIZERS for said in (WORDS if name != "none" else ["absent"]))


def vocabulary_model(path: Path, name: str, said: str) -> Path:
    """A plain llama with this tokenizer. said: a word of WORDS."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind, length = TOKENIZERS[name], len(TOKENIZERS[name].tokens) or 16
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_type("model")
    add_keys(out, keys_of("llama"))
    out.add_tokenizer_model(kind.model)
    if kind.pre:
        out.add_tokenizer_pre(kind.pre)
    if kind.tokens:
        out.add_token_list([text for text, _ in kind.tokens])
        out.add_token_types([number for _, number in kind.tokens])
        out.add_token_scores([-1.0 - n / 100 for n in range(len(kind.tokens))])
    else:
        out.add_vocab_size(length)
    add_keys(out, kind.keys)
    if (word := WORDS[said]) is not None:
        out.add_add_bos_token(word)
    long = ("token_embd.weight", "output.weight")  # as long as the vocabulary
    tensors = {n: (length, *s[1:]) if n in long else s for n, s in shapes()["llama"].items()}
    return write_tensors(out, path, tensors)
