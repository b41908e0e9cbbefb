"""What is to be said about a model's memory."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.sizes import size_text
from .estimate import Estimate
from .search import Smaller, fits
from .settings import CACHE_TYPES, Settings
from .shape import Shape

DOES_NOT_FIT, UNKNOWN, BEYOND_TRAINED, CACHE_TYPE = "MK449", "MK471", "MK126", "MK472"


def about_unknown(found: Estimate, span: Span) -> Iterator[Diagnostic]:
    """What is not in the numbers."""
    if found.unknown:
        yield Diagnostic(
            UNKNOWN,
            Severity.WARNING,
            f"{found.unknown}: only the weights are counted",
            span,
            "start it with the context you need and read what llama-server reports",
        )
    if found.unsized:
        yield Diagnostic(
            UNKNOWN,
            Severity.WARNING,
            f"tensors of {', '.join(found.unsized)} are not counted: the size of this type is not known",
            span,
            "update modelfile-kit",
        )


def about_context(found: Estimate, span: Span) -> Iterator[Diagnostic]:
    """A context beyond the trained one."""
    context, trained = found.settings.context, found.trained
    if trained and context > trained:
        yield Diagnostic(
            BEYOND_TRAINED,
            Severity.WARNING,
            f"the context is {context:,}, the model was trained with {trained:,} tokens; "
            f"Ollama uses {trained:,}",
            span,
            f"use {trained:,}, or less",
        )


def about_cache_type(shape: Shape, settings: Settings, span: Span) -> Iterator[Diagnostic]:
    """A quantized cache that llama.cpp refuses (llama-context.cpp, llama_init_from_model)."""
    block = CACHE_TYPES[settings.cache_type][0]
    odd = sorted(
        {n for layer in shape.layers if layer.attends for n in (layer.key, layer.value) if n % block}
    )
    if odd:
        yield Diagnostic(
            CACHE_TYPE,
            Severity.ERROR,
            f"llama.cpp refuses cache type {settings.cache_type} for this model: a head has {odd[0]} "
            f"numbers, which is no multiple of {block}",
            span,
            "use f16",
        )


def about_memory(
    found: Estimate, memory: tuple[int, ...], context: int | None, span: Span, smaller: Smaller | None
) -> Iterator[Diagnostic]:
    """A model that needs more than there is.

    context: the longest that fits, None if that is not known. smaller: a smaller quantization, if there
    is one.
    """
    if fits(found, memory):
        return
    devices = found.devices[1:] or found.devices
    limits = memory * len(devices) if len(memory) == 1 else memory
    over = next((d, limit) for d, limit in zip(devices, limits, strict=False) if d.total > limit)
    place = "" if over[0].name == "CPU" else f" on {over[0].name}"
    ways = [f"use a context of at most {context:,}"] if context else []
    if not context and len(found.devices) > 1:
        ways = ["put fewer layers on the GPU (--gpu-layers fit)"]
    if smaller and smaller.fits:
        ways.append(f"use a smaller quantization ({smaller.name} fits)")
    advice = ", or ".join(ways) or "use a smaller model"
    if smaller and not smaller.fits:
        needs = f"{smaller.name} needs {size_text(smaller.found.total)}"
        advice += f"; no smaller quantization fits with this context ({needs})"
    yield Diagnostic(
        DOES_NOT_FIT,
        Severity.ERROR,
        f"needs {size_text(over[0].total)}{place} with a context of {found.settings.context:,}, "
        f"there are {size_text(over[1])}",
        span,
        advice,
    )
