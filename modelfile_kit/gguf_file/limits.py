"""Bounds for what a GGUF header may claim. A header is read before anything is known about its author.

Each limit is far above what any published model needs and far below what could hurt.
"""

from __future__ import annotations

MAX_KEY_BYTES = 65_535
"""The GGUF specification's own bound for a key."""

MAX_STRING_BYTES = 64 * 1024**2
"""The longest strings in real headers are embedded tokenizer.json files of 10 to 30 MB."""

MAX_ARRAY_LENGTH = 16 * 1024**2
"""Elements. Real vocabularies have up to 262k tokens and 500k merges."""

MAX_SPECIAL_TOKENS = 512 * 1024
"""Control and user-defined tokens together. The largest real vocabularies have 262k tokens of all kinds."""

MAX_SPECIAL_BYTES = 16 * 1024**2
"""Of the texts of those tokens, which are held a second time; real ones have some 100 kB."""

MAX_KEYS = 65_536
"""Real headers have 20 to 200 keys."""

MAX_TENSORS = 131_072
"""Unfused mixture-of-experts models of the largest kind have about 25,000 tensors."""

MAX_HEADER_BYTES = 256 * 1024**2
"""All metadata together is held in memory; real headers have 0.1 to 40 MB."""

MAX_DIMENSIONS = 4
"""ggml's GGML_MAX_DIMS; llama.cpp refuses more."""

MAX_TENSOR_NAME_BYTES = 63
"""ggml's GGML_MAX_NAME less the closing zero; llama.cpp refuses longer names."""

MAX_TENSOR_ELEMENTS = 2**63 - 1
"""ggml counts elements and bytes in int64."""

MAX_SPLIT_PARTS = 9_999
"""The `-00001-of-00003` pattern has five digits; Ollama counts parts in 16 bits."""

FIRST_BLOCK = 256 * 1024
"""First read of a file or URL: enough for a projector's whole header."""

LARGEST_BLOCK = 4 * 1024**2
"""Blocks double up to this, so a 6 MB header takes five requests and at most 4 MB are read in vain."""
