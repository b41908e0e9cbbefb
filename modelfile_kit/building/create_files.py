"""Files that `create` takes besides model and projector: whether adapter, draft and quantization fit.

What is an error here was one on a real server (0.33.0 and 0.34.4, 27 November 2026): `create` says success
to nearly all of it, and every chat fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.files import real_path
from ..gguf_file import Header, read_header
from ..gguf_file.pairing import FileKind, classify
from ..package.package import Package
from .sources import PackageFiles, must_exist

ADAPTER_UNFIT = "MK445"
DRAFT_UNFIT = "MK446"
NOT_QUANTIZED = "MK447"

# `general.file_type` of what can be quantized (llama.h, llama_ftype). A file of type 0, F32, is of an unknown
# type to Ollama (0.33, fs/ggml/ggml.go, FileType), and refused; `publish` has llama-quantize do it.
_QUANTIZABLE = {0: "F32", 1: "F16", 32: "BF16"}
_A, _B = ".lora_a", ".lora_b"


def check_create_files(package: Package, files: PackageFiles) -> list[Diagnostic]:
    """Findings about `adapters`, `draft` and `quantize`.

    Raises PackageError for a file that was not found, GGUFError for one that is not sound.
    """
    found: list[Diagnostic] = []
    for path in package.adapters:
        must_exist(path, "adapters", package)
        found += _adapter(path, files.header, package.span("adapters"))
    if package.draft is not None:
        must_exist(package.draft, "draft", package)
        found += _draft(package.draft, files, package.span("draft"))
    if package.quantize is not None:
        found += _quantize(files.header, package.quantize, package.span("quantize"))
    return found


def _adapter(path: Path, model: Header, span: Span) -> Iterator[Diagnostic]:
    header = read_header(path)
    kind = classify(header)
    how = "make it with llama.cpp's convert_lora_to_gguf.py, with this model as its base"
    if kind is not FileKind.ADAPTER:
        message = f"`adapters`: {path.name} is a {kind}, not a LoRA adapter (general.type is not `adapter`)"
        yield Diagnostic(ADAPTER_UNFIT, Severity.ERROR, message, span, how)
        return
    if (problem := adapter_problem(header, model)) is not None:
        message = f"`adapters`: {path.name} does not fit the model: {problem}; llama-server would not start"
        yield Diagnostic(ADAPTER_UNFIT, Severity.ERROR, message, span, how)


def adapter_problem(adapter: Header, model: Header) -> str | None:
    """Why llama-server would not start with a LoRA adapter; None where it fits (llama-adapter.cpp)."""
    if adapter.architecture != model.architecture:
        return f"it is made for the architecture {adapter.architecture}, the model is {model.architecture}"
    return _tensor_problem(adapter, model)


def _tensor_problem(adapter: Header, model: Header) -> str | None:
    """The first tensor of the adapter that the model has no place for."""
    base = {t.name: t.shape for t in model.tensors}
    for tensor in adapter.tensors:
        name, first = tensor.name.removesuffix(_A).removesuffix(_B), tensor.name.endswith(_A)
        if name == tensor.name or name.startswith("token_embd"):
            continue  # no part of a pair; or one that is stored the other way round
        if name not in base:
            return f"the model has no tensor {name}"
        wanted, has = (base[name][0], tensor.shape[0]) if first else (base[name][1], tensor.shape[1])
        if wanted != has:
            return f"{tensor.name} has the width {has}, the model's {name} has {wanted}"
    return None


def _draft(path: Path, files: PackageFiles, span: Span) -> Iterator[Diagnostic]:
    header = read_header(path)
    if real_path(path) == real_path(files.model):
        message = f"`draft` and `model` are the same file, {path.name}: `ollama create` refuses that"
        hint = "name the draft model's own GGUF; a model with MTP layers inside needs no `draft`"
        yield Diagnostic(DRAFT_UNFIT, Severity.ERROR, message, span, hint)
        return
    if (problem := draft_problem(header)) is not None:
        message = f"`draft`: {path.name} {problem}"
        hint = "Ollama takes MTP or dflash drafts only; an ordinary small model needs `llama-server -md`"
        yield Diagnostic(DRAFT_UNFIT, Severity.ERROR, message, span, hint)


def draft_problem(header: Header) -> str | None:
    """Why Ollama cannot use a draft model; None where it can (0.33, llm/llama_server.go, appendDraftArgs)."""
    layers = header.metadata.integer(header.own("nextn_predict_layers")) or 0
    if header.architecture == "dflash" or layers:
        return None
    return (
        f"has no MTP layers ({header.own('nextn_predict_layers')}) and is no dflash model: create would "
        "succeed, and every chat would be HTTP 500 (`context type MTP requested but model doesn't "
        "contain MTP layers`)"
    )


def _quantize(model: Header, to: str, span: Span) -> Iterator[Diagnostic]:
    kind = model.metadata.integer("general.file_type")
    if kind in _QUANTIZABLE:
        return
    what = "no file type" if kind is None else f"file type {kind}"
    message = f"`quantize: {to}` needs a model of F16, BF16 or F32; general.file_type of this one says {what}"
    hint = "name the F16, BF16 or F32 file as `model`, or remove `quantize`"
    yield Diagnostic(NOT_QUANTIZED, Severity.ERROR, message, span, hint)
