"""Small tokenizers of every kind, trained on the spot by the libraries themselves."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

TEXT = """The quick brown fox jumps over the lazy dog. It's 1234567 o'clock, isn't it?
def main(argument):\n    return {"key": [1, 22, 333]}\n
Größe, naïve café, Ångström; 今天天气很好，我们去公园吧。 Привет, как дела? مرحبا بالعالم 🎉🎉 👩‍👩‍👧
<p>some &amp; other</p>   many    spaces\t\ttabs\r\n
""".splitlines()

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
WORDS = ("<tool_call>", "</tool_call>")
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN = CL100K.replace("{1,3}", "")


def byte_level(
    folder: Path,
    *,
    size: int = 420,
    pattern: str | None = QWEN,
    normalizer: Any = None,
    control: tuple[str, ...] = CONTROL,
    words: tuple[str, ...] = WORDS,
    config: dict[str, Any] | None = None,
) -> Path:
    """A folder with tokenizer.json (byte-level BPE) and tokenizer_config.json."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in words])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "add_bos_token": False, **(config or {})}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    return folder


def sentencepiece(
    path: Path, kind: str = "bpe", *, size: int = 400, symbols: tuple[str, ...] = (), **options: Any
) -> Path:
    """A tokenizer.model; kind: "bpe" or "unigram"; symbols: control tokens."""
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT * 4),
        model_writer=out,
        vocab_size=size,
        model_type=kind,
        byte_fallback=options.pop("byte_fallback", True),
        hard_vocab_limit=False,
        control_symbols=list(symbols),
        minloglevel=9,
        **{"normalization_rule_name": "identity", "remove_extra_whitespaces": False, **options},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return path


def metaspace(folder: Path, scheme: str, *, mark: str = "<image>") -> Path:
    """A folder with a tokenizer.json of SentencePiece's kind.

    scheme: which texts get a space put before them, "first" or "always"; mark: a special token.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    data = json.loads(tokenizer.to_str())
    # bytes are ordinary tokens of such a tokenizer, which no text is taken for
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": False}))
    return folder


def word_piece(path: Path) -> Path:
    """A tokenizer.json of BERT's kind: lower case, WordPiece, [CLS] and [SEP] around a text."""
    from tokenizers import BertWordPieceTokenizer
    from tokenizers.processors import BertProcessing

    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(TEXT * 4, vocab_size=300, show_progress=False)
    around = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = BertProcessing(*around)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return path


def ranks(path: Path, tokens: tuple[bytes, ...] = (b"he", b"ll", b"llo", b"hello", b" w")) -> Path:
    """A tiktoken file: all bytes and some tokens."""
    rows = [*(bytes([b]) for b in range(256)), *tokens]
    lines = (base64.b64encode(t) + b" " + str(n).encode() for n, t in enumerate(rows))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def tekken(path: Path, **changes: Any) -> Path:
    """A tekken.json with 22 special tokens."""
    rows = [*(bytes([b]) for b in range(256)), b"he", b"ll", b"llo", b"hello", b" w"]
    vocab = [
        {"rank": n, "token_bytes": base64.b64encode(t).decode(), "token_str": None}
        for n, t in enumerate(rows)
    ]
    config = {
        "pattern": QWEN,
        "num_vocab_tokens": len(vocab),
        "default_vocab_size": len(vocab) + 22,
        "default_num_special_tokens": 22,
        "version": "v3",
        **changes.pop("config", {}),
    }
    path.write_text(json.dumps({"config": config, "vocab": vocab, **changes}))
    return path


def of_vocabulary(
    folder: Path,
    vocabulary: Any,
    *,
    pattern: str = CL100K,
    normalizer: Any = None,
    words: bool = True,
    whole: bool = True,
) -> Path:
    """The tokenizer from which a byte-level GGUF of GLM's kind was made.

    words: whether it has the user-defined tokens; whole: whether a piece that is a token stays whole.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    texts = vocabulary.texts()
    merges = [tuple(m.split(" ", 1)) for m in (vocabulary.merges or ())]
    special = vocabulary.special_tokens()
    if not words:
        special = {text: kind for text, kind in special.items() if kind == "control"}
    ids = {t: n for n, t in enumerate(texts)}
    tokenizer = Tokenizer(models.BPE(ids, merges, ignore_merges=whole))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    splits = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([splits, level])
    tokenizer.decoder = decoders.ByteLevel()
    for text, kind in special.items():
        add = tokenizer.add_special_tokens if kind == "control" else tokenizer.add_tokens
        add([AddedToken(text, special=kind == "control", normalized=False)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"eos_token": vocabulary.eos_text, "add_bos_token": vocabulary.add_bos}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    return folder
