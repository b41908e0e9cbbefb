"""What a model is run with, as far as memory depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CACHE_TYPES: Mapping[str, tuple[int, int]] = {
    "f32": (1, 4),
    "f16": (1, 2),
    "bf16": (1, 2),
    "q8_0": (32, 34),
    "q5_1": (32, 24),
    "q5_0": (32, 22),
    "q4_1": (32, 20),
    "q4_0": (32, 18),
    "iq4_nl": (32, 18),
}
"""The cache types of llama-server: numbers in a block, bytes of a block (common/arg.cpp, ggml-common.h)."""

DEFAULT_CONTEXT = 4096
"""Tokens where nobody says how many, as `init` writes. Ollama's own default depends on the server's GPUs."""

DEFAULT_BATCH = 512
"""Tokens computed at once: n_ubatch of llama-server, and num_batch of Ollama (api/types.go)."""


@dataclass(frozen=True)
class Settings:
    """How a model is run.

    context: tokens of one conversation; slots: conversations at once (OLLAMA_NUM_PARALLEL, -np). Ollama gives
    every slot the context (`-c` is their product). unified: all slots share one cache, as in llama-server
    where -np is not given. batch: tokens computed at once. cache_type: of keys and values. flash_attention:
    without it the scores of attention take memory. window_full: keep all tokens of layers with a sliding
    window (--swa-full). gpu_layers: how many layers go to the GPUs, counted as -ngl counts: the output is one
    more than the layers; split: shares of several GPUs. outputs: rows of the output that are computed at
    once; llama-server takes one for each slot.
    """

    context: int
    slots: int = 1
    unified: bool = False
    batch: int = DEFAULT_BATCH
    cache_type: str = "f16"
    flash_attention: bool = True
    window_full: bool = False
    gpu_layers: int = 0
    split: tuple[float, ...] = (1.0,)
    outputs: int = 0

    @property
    def streams(self) -> int:
        """Separate caches."""
        return 1 if self.unified else self.slots

    @property
    def cells(self) -> int:
        """Places for tokens in one cache; llama.cpp rounds up to 256 (llama-context.cpp, August 2026)."""
        return -(-self.context * (self.slots if self.unified else 1) // 256) * 256

    @property
    def tokens(self) -> int:
        """Tokens computed at once; not more than the context has."""
        least = min(self.batch, self.cells * self.streams)
        return -(-least // self.slots) * self.slots

    @property
    def rows(self) -> int:
        """Rows of the output."""
        return min(self.outputs or self.slots, self.tokens)


def cache_bytes(cache_type: str, numbers: int) -> int:
    """Bytes of so many numbers in the cache."""
    block, width = CACHE_TYPES[cache_type]
    return -(-numbers // block) * width
