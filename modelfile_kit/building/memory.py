"""Whether model, projector and num_ctx suit the memory that the package names, and the trained context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import GGUFError
from ..fit.estimate import estimate_shape
from ..fit.findings import about_context, about_memory
from ..fit.search import largest_context, smaller_quantization
from ..fit.settings import DEFAULT_BATCH, DEFAULT_CONTEXT, Settings
from ..fit.shape import shape_of
from ..fit.sources import model_of
from ..package.package import Package
from .sources import PackageFiles


def check_memory(package: Package, files: PackageFiles) -> Iterator[Diagnostic]:
    """Warnings; nothing of this machine counts, only what the package says."""
    context = _number(package, "num_ctx")
    if context is None and package.memory is None:
        return
    try:
        model = model_of(files.header)
    except GGUFError:
        return  # missing parts have been said
    span = package.span("parameters.num_ctx" if context else "memory")
    settings = Settings(context or DEFAULT_CONTEXT, batch=_number(package, "num_batch") or DEFAULT_BATCH)
    shape = shape_of(model.header, model.tensors)
    found = estimate_shape(shape, model.tensors, settings, files.projector_header)
    if context:
        yield from about_context(found, span)
    if package.memory is None or shape.unknown:
        return
    memory = (package.memory,)
    longest = largest_context(shape, model.tensors, settings, memory, files.projector_header)
    smaller = smaller_quantization(shape, model.tensors, settings, memory, files.projector_header)
    for finding in about_memory(found, memory, longest, span, smaller):
        yield replace(finding, severity=Severity.WARNING)


def _number(package: Package, key: str) -> int | None:
    value = package.parameters.get(key)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31
    return value if usable else None
