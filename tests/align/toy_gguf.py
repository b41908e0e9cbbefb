"""A vocabulary as GGUF, made from a reference tokenizer as llama.cpp's converter makes it, with faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf

from modelfile_kit.reference_tokenizer.reference import ReferenceTokenizer

TYPES = {"normal": 1, "unknown": 2, "control": 3, "user-defined": 4, "unused": 5, "byte": 6}

Keys = dict[str, Any]


def keys_of(reference: ReferenceTokenizer, pre: str = "qwen2") -> Keys:
    """The metadata of a faithful conversion; pre: for a byte-level vocabulary."""
    facts, vocabulary = reference.facts, reference.vocabulary
    pieces, words = facts.spelling == "sentencepiece", facts.spelling == "word pieces"
    texts = [text if text is not None else f"[PAD{n}]" for n, text in enumerate(vocabulary.texts)]
    keys: Keys = {
        "model": "llama" if pieces else "bert" if words else "gpt2",
        "pre": "default" if pieces else pre,
        "tokens": texts,
        "token_type": [TYPES[kind or "unused"] for kind in vocabulary.kinds],
        "add_bos_token": facts.adds_bos,
        "add_eos_token": facts.adds_eos,
    }
    for role in ("bos", "eos", "unk"):
        if role in facts.special:
            name = {"unk": "unknown"}.get(role, role)
            keys[f"{name}_token_id"] = facts.special[role][1]
    if words:  # llama.cpp puts [CLS] and [SEP] around every text
        keys |= {"cls_token_id": keys["bos_token_id"], "seperator_token_id": keys["eos_token_id"]}
    elif pieces:
        scores = vocabulary.scores or _by_rank(vocabulary.merges or (), texts)
        keys |= {"scores": list(scores), "add_space_prefix": facts.space_prefix}
    else:
        keys["merges"] = list(vocabulary.merges or ())
    if facts.algorithm == "Unigram":
        keys |= {"model": "t5", "pre": None, **_rules(facts.files[0])}
    return keys


def _rules(file: str) -> Keys:
    """What the unigram model's file says of its normalizer, as conversion/t5.py writes it."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(Path(file).read_bytes())
    rules = model.normalizer_spec
    found: Keys = {"remove_extra_whitespaces": rules.remove_extra_whitespaces}
    if rules.precompiled_charsmap:
        found["precompiled_charsmap"] = bytes(rules.precompiled_charsmap)
    return found


def _by_rank(merges, texts):
    """Scores as transformers' conversion reads them out of merges: the earlier, the higher."""
    ranks = {"".join(merge.split(" ", 1)): n for n, merge in reversed(list(enumerate(merges)))}
    return [-float(ranks.get(text, len(ranks))) for text in texts]


def write(path: Path, keys: Keys, chat_template: str = "") -> Path:
    """A GGUF with a vocabulary and no tensors, as llama.cpp's models/ggml-vocab-*.gguf are."""
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_context_length(64)
    out.add_embedding_length(8)
    out.add_block_count(0)
    out.add_feed_forward_length(8)
    out.add_head_count(1)
    out.add_layer_norm_rms_eps(1e-5)
    for name, value in keys.items():
        key = f"tokenizer.ggml.{name}"
        if value is None:
            continue
        if isinstance(value, bool):
            out.add_bool(key, value)
        elif isinstance(value, int):
            out.add_uint32(key, value)
        elif isinstance(value, str):
            out.add_string(key, value)
        else:
            out.add_array(key, value)
    if chat_template:
        out.add_chat_template(chat_template)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.close()
    return path


Fault = Callable[[Keys], None]


def swapped(name: str, first: int, second: int) -> Fault:
    """Two entries of a list exchanged."""

    def change(keys: Keys) -> None:
        row = keys[name]
        row[first], row[second] = row[second], row[first]

    return change


def typed(token: str, kind: str) -> Fault:
    """A token of another type."""

    def change(keys: Keys) -> None:
        keys["token_type"][keys["tokens"].index(token)] = TYPES[kind]

    return change


def said(**values: Any) -> Fault:
    """Other values of keys; None takes a key away."""
    return lambda keys: keys.update(values)
