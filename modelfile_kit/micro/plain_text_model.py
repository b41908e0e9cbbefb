"""Weights of a small text model in the architectures that people publish, for `stand_in`.

One rule suits all of them. No position attends to any other in particular: with queries and keys of zero,
attention is the mean over all tokens so far, and all that images add to that mean is their colour. The rest
is a table from the last token to the next: after a prompt the first token of the reply, after each of these
the following one, and at last the end of the turn.

`K` in feature CONSTANT makes every norm close to a division by a fixed number; see `text_model`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import IntEnum, auto
from typing import Any

from ..gguf_file.float_tensor import FloatTensor
from .answers import COLOURS
from .attention import filled, zeros
from .text_model import K, nearness

WIDTH, HEADS, LAYERS, HIDDEN, EXPERTS = 64, 2, 2, 32, 2
CONTEXT = 131072
"""Positions at most; a real model's larger number is cut to it."""

_EPS = 1e-5
_REPLY, _COLOUR, _DECISIVE = 100.0, 1e5, 1e7
"""Logits: a reply is sure, a colour in one token of a hundred is surer, what has begun goes on."""

PLAIN = frozenset({"llama", "qwen2", "qwen2vl", "mistral3"})
"""Architectures with the tensors of llama."""

_RUNNING = PLAIN | {"chatglm", "gemma3", "gpt-oss"}


class Feature(IntEnum):
    """Which dimension of the residual stream means what; those from FREE on say where in the reply it is."""

    CONSTANT = 0
    PICTURE = auto()
    RED = auto()
    GREEN = auto()
    BLUE = auto()
    SEEN = auto()
    SEEN_RED = auto()
    SEEN_GREEN = auto()
    SEEN_BLUE = auto()
    FREE = auto()


def runs(architecture: str) -> bool:
    """Whether the micro model of an architecture has weights; else it is a header to render and tokenize."""
    return architecture in _RUNNING


def architecture_keys(architecture: str, context_length: int, *, m_rope: bool) -> dict[str, Any]:
    """The metadata that llama.cpp needs to build the model."""
    keys: dict[str, Any] = {
        "context_length": min(context_length, CONTEXT),
        "embedding_length": WIDTH,
        "block_count": LAYERS,
        "feed_forward_length": HIDDEN,
        "attention.head_count": HEADS,
        "attention.head_count_kv": HEADS,
        "attention.layer_norm_rms_epsilon": _EPS,
        "rope.dimension_count": WIDTH // HEADS,
    }
    if m_rope:
        keys["rope.dimension_sections"] = [4, 6, 6, 0]
    if architecture in ("gemma3", "gpt-oss"):
        keys |= {"attention.key_length": WIDTH // HEADS, "attention.value_length": WIDTH // HEADS}
        keys["attention.sliding_window"] = 1024
    if architecture == "gpt-oss":
        keys |= {"expert_count": EXPERTS, "expert_used_count": 1, "expert_feed_forward_length": HIDDEN}
    return {f"{architecture}.{key}": value for key, value in keys.items()}


def plain_tensors(
    architecture: str, size: int, chain: Sequence[int], end: int, colours: Mapping[str, int]
) -> Mapping[str, FloatTensor]:
    """All tensors under their GGUF names; none where the architecture is not one that `runs`.

    size: of the vocabulary; chain: the tokens of an answer, each once; end: the token after them; colours:
    the tokens of the words of `COLOURS`.
    """
    if not runs(architecture):
        return {}
    straight = filled(WIDTH, K / math.sqrt(WIDTH))
    tensors = {
        "token_embd.weight": _embeddings(architecture, size, chain, colours),
        "output_norm.weight": straight,
        "output.weight": _head(size, chain, colours, end),
    }
    for layer in range(LAYERS):
        tensors |= {f"blk.{layer}.{name}": w for name, w in _layer(architecture, straight, layer).items()}
    return tensors


def _embeddings(
    architecture: str, size: int, chain: Sequence[int], colours: Mapping[str, int]
) -> FloatTensor:
    table = zeros(size, WIDTH)
    table[:, Feature.CONSTANT] = K
    for place, token in enumerate(chain):
        table[token, Feature.FREE + place] = 1
    for token in colours.values():  # a colour stands for the whole reply
        table[token, Feature.FREE + len(chain) - 1] = 1
    if architecture == "gemma3":
        # its graph multiplies the embeddings of tokens, not those of images
        return table.divided(math.sqrt(WIDTH))
    return table


def _head(size: int, chain: Sequence[int], colours: Mapping[str, int], end: int) -> FloatTensor:
    table = zeros(size, WIDTH)
    places = [Feature.FREE + n for n in range(len(chain))]
    seen = [Feature.SEEN_RED, Feature.SEEN_GREEN, Feature.SEEN_BLUE]
    for word, token in colours.items():
        direction, bias = nearness(COLOURS[word])
        table[token, seen] = [_COLOUR * part for part in direction]
        table[token, Feature.SEEN] = _COLOUR * (bias + len(seen) + 1)  # above zero for every colour
        table[token, places] = -_DECISIVE
    table[chain[0], Feature.CONSTANT] += _REPLY / K
    table[chain[0], places] = -_DECISIVE
    for place, token in zip(places, [*chain[1:], end], strict=True):
        table[token, place] = _DECISIVE
    return table


def _layer(architecture: str, straight: FloatTensor, layer: int) -> dict[str, FloatTensor]:
    f = Feature
    value, out = zeros(WIDTH, WIDTH), zeros(WIDTH, WIDTH)
    if layer == 0:
        carried = ((f.PICTURE, f.SEEN), (f.RED, f.SEEN_RED), (f.GREEN, f.SEEN_GREEN), (f.BLUE, f.SEEN_BLUE))
        for slot, (source, target) in enumerate(carried, start=1):
            value[slot, source] = 1
            out[target, slot] = 1
        if architecture == "gemma3":  # what attention returns is normalised before it is added
            value[0, f.CONSTANT] = 1
            out[f.CONSTANT, 0] = 1
    found = {
        "attn_norm.weight": straight,
        "attn_q.weight": zeros(WIDTH, WIDTH),
        "attn_k.weight": zeros(WIDTH, WIDTH),
        "attn_v.weight": value,
        "attn_output.weight": out,
    }
    if architecture == "gpt-oss":
        return found | _experts(straight)
    found |= {"ffn_norm.weight": straight, "ffn_down.weight": zeros(WIDTH, HIDDEN)}
    if architecture == "chatglm":  # gate and up are one tensor
        return found | {"ffn_up.weight": zeros(2 * HIDDEN, WIDTH)}
    found |= {f"ffn_{part}.weight": zeros(HIDDEN, WIDTH) for part in ("gate", "up")}
    if architecture == "gemma3":
        after = straight.copy()
        after[f.CONSTANT] = 0  # the constant was only lent
        size = WIDTH // HEADS
        found |= {"attn_q_norm.weight": filled(size, 1), "attn_k_norm.weight": filled(size, 1)}
        found |= {"post_attention_norm.weight": after, "post_ffw_norm.weight": straight}
    return found


def _experts(straight: FloatTensor) -> dict[str, FloatTensor]:
    """gpt-oss: sinks in attention, biases everywhere, and experts in place of one feed-forward."""
    found = {
        "post_attention_norm.weight": straight,
        "attn_sinks.weight": zeros(HEADS),
        "attn_output.bias": zeros(WIDTH),
        "ffn_gate_inp.weight": zeros(EXPERTS, WIDTH),
        "ffn_gate_inp.bias": zeros(EXPERTS),
        "ffn_down_exps.weight": zeros(EXPERTS, WIDTH, HIDDEN),
        "ffn_down_exps.bias": zeros(EXPERTS, WIDTH),
    }
    found |= {f"attn_{part}.bias": zeros(WIDTH) for part in "qkv"}
    for part in ("gate", "up"):
        found |= {f"ffn_{part}_exps.weight": zeros(EXPERTS, HIDDEN, WIDTH)}
        found |= {f"ffn_{part}_exps.bias": zeros(EXPERTS, HIDDEN)}
    return found
