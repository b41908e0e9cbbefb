"""Keys that llama.cpp reads of every text model, and the one type that it takes for each.

Another type ends the loading: `key … has wrong type i32 but expected type u32` (src/llama-model-loader.cpp,
src/llama-model.cpp and src/llama-vocab.cpp of November 2026). Keys that only some architectures
read are left out: elsewhere they do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .arrays import NumberArray
from .header import Header

OF_FILES: Mapping[str, str] = {
    "general.name": "string",
    "general.file_type": "uint32",
    "split.count": "uint16",
    "tokenizer.ggml.model": "string",
    "tokenizer.ggml.pre": "string",
    "tokenizer.ggml.add_bos_token": "bool",
    "tokenizer.ggml.add_eos_token": "bool",
    **{
        f"tokenizer.ggml.{name}_token_id": "uint32"
        for name in (
            *("bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "mask"),
            *("fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep"),
        )
    },
}

OF_ARCHITECTURES: Mapping[str, str] = {
    "context_length": "uint32",
    "embedding_length": "uint32",
    "block_count": "uint32",
    "expert_count": "uint32",
    "rope.freq_base": "float32",
    "rope.scaling.type": "string",
    "rope.scaling.factor": "float32",
    "rope.scaling.finetuned": "bool",
}

FOR_EACH_LAYER = ("attention.head_count", "attention.head_count_kv", "feed_forward_length")
"""One uint32 for all layers, or an array of integers with one for each."""

_LISTS = frozenset({"uint32[]", "int32[]"})


def wrong_types(header: Header) -> Iterator[str]:
    """What llama.cpp does not take, each as the beginning of a sentence."""
    expected = {**OF_FILES, **{header.own(key): kind for key, kind in OF_ARCHITECTURES.items()}}
    for key in header.metadata:
        if (kind := expected.get(key)) is not None and (found := header.metadata.type_of(key)) != kind:
            yield f"{key} is of type {found}, llama.cpp reads {kind}"
    # Layers that predict further tokens are counted by some releases and not by others.
    more = header.metadata.integer(header.own("nextn_predict_layers"))
    layers = None if more else header.metadata.integer(header.own("block_count"))
    for key in map(header.own, FOR_EACH_LAYER):
        if key not in header.metadata or (found := header.metadata.type_of(key)) == "uint32":
            continue
        value = header.metadata[key]
        if found not in _LISTS or not isinstance(value, NumberArray):
            yield f"{key} is of type {found}, llama.cpp reads uint32, or an array with one for each layer"
        elif layers is not None and len(value) != layers:
            yield f"{key} has {len(value):,} entries, llama.cpp reads one for each of {layers:,} layers"
