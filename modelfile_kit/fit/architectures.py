"""How llama.cpp remembers the past of each architecture: which layers attend, to how far, and which recur.

Source: llama.cpp of October 2026 (commit 0c1e570): src/llama-arch.cpp, llm_arch_is_recurrent and
llm_arch_is_hybrid; src/llama-model.cpp, create_memory; src/models/*.cpp, load_arch_hparams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Which layers have a sliding window, where the file has no list of them (`sliding_window_pattern`).

    period: one layer of so many attends to everything, the last of them, or the first; 0: none does.
    length: the window where the file names none; 0: without one in the file there is no window.
    listed: the file must have the list.
    """

    period: int = 0
    first: bool = False
    length: int = 0
    listed: bool = False
    layers: int = 0
    """Only models with so many layers have windows."""


WINDOWS: Mapping[str, Window] = {
    "afmoe": Window(4),
    "cohere2": Window(4),
    "cohere2moe": Window(4, first=True),
    "exaone-moe": Window(4, length=128),
    "exaone4": Window(4, length=4096, layers=64),
    "gemma2": Window(2, length=4096),
    "gemma3": Window(6),
    "gemma3n": Window(5),
    "gemma4": Window(listed=True),
    "gpt-oss": Window(2),
    "granite_swa": Window(listed=True),
    "laguna": Window(listed=True),
    "lfm2": Window(),
    "lfm2moe": Window(),
    "llama4": Window(4, length=8192),
    "maple": Window(listed=True),
    "mellum": Window(4),
    "mimo2": Window(listed=True),
    "muse-glimmer": Window(4),
    "olmo2": Window(4),
    "plamo3": Window(8),
    "smallthinker": Window(4, first=True, length=4096),
    "spark2_5": Window(listed=True),
    "step35": Window(listed=True),
}
"""Of every other architecture llama.cpp ignores the window and keeps all tokens: of mistral's, phi3's and
qwen2's, for example."""

RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
"""No layer attends."""

BY_GROUPS = frozenset(
    {"jamba", "granitehybrid", "lfm2", "lfm2moe", "plamo2", "kimi-linear", "nemotron_h", "nemotron_h_moe"}
    | {"bailingmoe3", "kimi-k3"}
)
"""A layer recurs where it has no key-value heads."""

BY_INTERVAL = frozenset({"qwen3next", "qwen35", "qwen35moe", "minimax-01"})
"""Every n-th layer attends (`full_attention_interval`), or those that `attention.recurrent_layers` leaves."""

BOTH = frozenset({"falcon-h1"})
"""Every layer attends and recurs."""

WITHOUT_CACHE = frozenset(
    {"bert", "jina-bert-v2", "jina-bert-v3", "nomic-bert", "nomic-bert-moe", "neo-bert", "eurobert"}
    | {"modern-bert", "gemma-embedding", "wavtokenizer-dec", "dream", "llada", "llada-moe", "rnd1"}
)
"""They read the whole text at once and remember nothing."""

OTHER_CACHE: Mapping[str, str] = {
    **dict.fromkeys(("deepseek32", "glm-dsa", "hy_v4", "dots3note"), "a cache for its sparse attention"),
    **dict.fromkeys(("minimax-m3", "glm5-next", "qwen4exp"), "a cache for its sparse attention"),
    "deepseek4": "compressed caches",
    **dict.fromkeys(("gemma4-assistant", "eagle3", "dflash"), "the cache of the model that it drafts for"),
    **dict.fromkeys(("t5", "t5encoder"), "an encoder"),
    **dict.fromkeys(("qwen3tts", "talkie", "hrm_text", "chameleon"), "parts of its own"),
}
"""What they have that is not computed here."""

PLAIN = frozenset(
    {"llama", "deci", "falcon", "grok", "gpt2", "gptj", "gptneox", "mpt", "baichuan", "starcoder", "refact"}
    | {"bloom", "stablelm", "qwen", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3vl"}
    | {"qwen3vlmoe", "phi2", "phi3", "phimoe", "plamo", "codeshell", "orion", "internlm2", "minicpm"}
    | {"minicpm3", "gemma", "starcoder2", "xverse", "command-r", "dbrx", "olmo", "olmoe", "openelm"}
    | {"arctic", "deepseek", "deepseek2", "deepseek2-ocr", "chatglm", "glm4", "glm4moe", "bitnet", "jais"}
    | {"jais2", "nemotron", "exaone", "granite", "granitemoe", "graniteswitch", "plm", "bailingmoe"}
    | {"bailingmoe2", "dots1", "arcee", "ernie4_5", "ernie4_5-moe", "hunyuan-moe", "hunyuan-dense"}
    | {"hunyuan_vl", "hy_v3", "smollm3", "seed_oss", "grovemoe", "apertus", "minimax-m2", "cogvlm"}
    | {"pangu-embedded", "mistral3", "mistral4", "paddleocr", "llama-embed", "maincoder", "nanbeige"}
)
"""Every layer attends, to everything."""

KNOWN = PLAIN | WINDOWS.keys() | RECURRENT | BY_GROUPS | BY_INTERVAL | BOTH | WITHOUT_CACHE
"""Architectures whose memory is computed whole."""
