"""A small model that bears being quantized to four bits, unlike the micro ones, whose weights reach 10⁷."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import gguf
import numpy as np

WIDTH = 256
"""Rows of a block of the K types. Every other width of the model is the same."""

ROWS = 32
UNUSED = 5
"""A token that no text becomes (llama.h, llama_token_type)."""


def write_quantizable(path: Path, source: Path, reply: Sequence[str]) -> Path:
    """A model of the same architecture and vocabulary as `source` that says what `reply` says.

    reply: texts of tokens: after each of them the model writes the next, whatever stood before. Each has a
    dimension of its own, and a weight of 1 there: of all numbers, a one among zeros is kept by every type.
    """
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(path, architecture)
    sizes = {f"{architecture}.embedding_length": WIDTH, f"{architecture}.feed_forward_length": WIDTH}
    words, kinds = (reader.fields[f"tokenizer.ggml.{n}"].contents() for n in ("tokens", "token_type"))
    # The kernels for AMX (ggml-cpu/amx) take only whole groups of rows.
    more = -len(words) % ROWS
    words, kinds = [*words, *(f"<|unused_{n}|>" for n in range(more))], [*kinds, *[UNUSED] * more]
    changed: dict[str, Any] = {**sizes, "tokenizer.ggml.tokens": words, "tokenizer.ggml.token_type": kinds}
    for field in reader.fields.values():
        if not field.name.startswith(("GGUF.", "general.architecture", "general.file_type")):
            kind, *of = field.types
            value = changed.get(field.name, field.contents())
            writer.add_key_value(field.name, value, kind, sub_type=of[-1] if of else None)
    writer.add_file_type(1)
    tables = {name: np.zeros((len(words), WIDTH), np.float16) for name in ("token_embd", "output")}
    for dimension, (word, following) in enumerate(pairwise(reply)):
        tables["token_embd"][words.index(word), dimension] = 1
        tables["output"][words.index(following), dimension] = 1
    for tensor in reader.tensors:
        name = tensor.name.removesuffix(".weight")
        if name in tables:
            writer.add_tensor(tensor.name, tables[name])
        elif len(tensor.shape) == 1:
            writer.add_tensor(tensor.name, np.ones(WIDTH, np.float32))
        else:  # no layer adds anything
            rows = 2 * WIDTH if name.endswith("ffn_up") else WIDTH
            writer.add_tensor(tensor.name, np.zeros((rows, WIDTH), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
