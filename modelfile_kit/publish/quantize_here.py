"""Quantizing a package's model before it is sent, where the server does not do it.

Servers from 0.34.1 on quantize no GGUF. Older ones take F16 and BF16; F32 they refuse, although the text of
the refusal names it (0.33.0).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from ..core.beside import folder_beside
from ..core.errors import UsageError
from ..core.os_errors import os_reason
from ..core.progress import Progress, Step
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind
from ..runtime.llama_quantize import find_llama_quantize
from ..runtime.quantizing import quantize, read_types
from .create_request import CreateRequest, LocalFile, file_kind

F32 = 0
"""`general.file_type` (llama.h, llama_ftype)."""


def only_here(request: CreateRequest) -> bool:
    """Whether no server quantizes the model of a request: it is F32."""
    model = _model(request)
    return model is not None and read_header(model.path).metadata.integer("general.file_type") == F32


@contextlib.contextmanager
def quantized_here(request: CreateRequest, url: str, progress: Progress | None) -> Iterator[CreateRequest]:
    """The request with its model quantized to `request.quantize`, which it asks of nobody any more.

    url: of the server, whose program has llama-quantize beside it. The new file lies beside the model, has
    its metadata (so prompts and tokens are the same), and is gone afterwards.
    Raises UsageError for a model that cannot be quantized, and where there is no room or no llama-quantize;
    EngineError where that fails.
    """
    [kind] = read_types(request.quantize or "")
    model = _model(request)
    if model is None:
        raise UsageError(
            f"`quantize: {request.quantize}` needs a GGUF file of the model, and no FROM names one",
            help="name the F16, BF16 or F32 file as `model`",
        )
    source = model.path

    def told(_kind: str, done: int, total: int, tensor: str) -> None:
        if progress:
            progress(Step("quantize", tensor, done, total))

    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(folder_beside(source))
        except OSError as e:
            raise UsageError(
                f"cannot write the quantized model into {source.parent}: {os_reason(e)}",
                help="correct the permissions, or quantize it with `mkmodelfile quantize` into another "
                "folder",
                code="MK903",
            ) from e
        [made] = quantize(source, (kind,), find_llama_quantize(url=url), output=folder, told=told)
        files = tuple(LocalFile(made.path, f.name) if f is model else f for f in request.files)
        yield replace(request, files=files, quantize=None)


def _model(request: CreateRequest) -> LocalFile | None:
    return next((f for f in request.files if file_kind(f.path) is FileKind.MODEL), None)
