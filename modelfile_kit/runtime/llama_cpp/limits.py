"""How much a process with a stranger's model in it may take: tokens, memory and processor time."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from ...core.errors import EngineError, GGUFError
from ...gguf_file import Header, StringArray, read_header
from ...gguf_file.split import split_of

MAX_VOCABULARY = 2_000_000
"""Tokens. The largest known vocabulary has 901,629 (XLM-V); llama.cpp needs a minute for eight million."""

VOCABULARY_BYTES = 2 << 30
"""Memory for a vocabulary alone: five times what llama.cpp takes for `MAX_VOCABULARY` tokens."""

MODEL_BYTES = 8 << 30
"""Memory for a model beside its weights: the library itself, buffers for computing, a projector's images."""

TOKEN_BYTES = 4 << 20
"""Memory for each token of a context. The widest cache known, of LLaMA 65B, takes 2.5 MiB."""

VOCABULARY_SECONDS = 3600
"""Processor time for all questions about a vocabulary together; checking a package takes some seconds."""


def check_vocabulary(model: Path) -> None:
    """Raises EngineError MK405 for a model whose vocabulary is larger than llama.cpp is given.

    Says nothing about a file that is no sound GGUF: llama.cpp's own words about it are better known.
    """
    header = _header(model)
    tokens = header.metadata.get("tokenizer.ggml.tokens") if header else None
    if isinstance(tokens, StringArray) and len(tokens) > MAX_VOCABULARY:
        raise EngineError(
            f"{model}: the vocabulary has {len(tokens):,} tokens; llama.cpp needs minutes for so many, "
            f"and is given at most {MAX_VOCABULARY:,}",
            help="no known model has so many: the file is damaged or hostile; convert the model again",
            code="MK405",
        )


def memory_for(model: Path, projector: Path | None, n_ctx: int) -> int:
    """Bytes that a process with a whole model may take beside the files that it maps.

    Twice the files, because weights are laid out anew for the processor, and what a context takes.
    """
    header = _header(model)
    split = split_of(header) if header else None
    files = [*(split.parts if split and split.parts else (model,)), *([projector] if projector else ())]
    size = 0
    for file in files:
        with contextlib.suppress(OSError):  # llama.cpp says which part is missing
            size += file.stat().st_size
    return 2 * size + MODEL_BYTES + TOKEN_BYTES * n_ctx


def bound(memory: int | None, seconds: int | None) -> None:
    """Bounds this process, where the system can do that (Linux). None leaves it as it is.

    memory: bytes of its own; mapped files do not count. Beyond it an allocation fails. seconds: of processor
    time; beyond them the system ends the process.
    """
    if sys.platform != "linux":
        return
    import resource

    for kind, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, seconds)):
        if most is not None:
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (most, hard))


def _header(model: Path) -> Header | None:
    try:
        return read_header(model, check_data=False)
    except GGUFError:
        return None
