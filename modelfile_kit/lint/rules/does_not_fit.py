"""A context that needs more memory than there is."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Span
from ...core.errors import GGUFError
from ...fit.estimate import estimate_shape
from ...fit.findings import about_memory
from ...fit.search import largest_context, smaller_quantization
from ...fit.settings import DEFAULT_BATCH, DEFAULT_CONTEXT, Settings
from ...fit.shape import shape_of
from ...fit.sources import model_of
from ...ollama.parameters import parse_value
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    model = context.files.model
    if context.memory is None or model is None or model.header is None:
        return
    try:
        whole = model_of(model.header)
    except GGUFError:
        return  # its parts are another rule's matter
    wanted = _number(context, "num_ctx")
    settings = Settings(wanted or DEFAULT_CONTEXT, batch=_number(context, "num_batch") or DEFAULT_BATCH)
    shape = shape_of(whole.header, whole.tensors)
    if shape.unknown:
        return
    projector = next((source.header for source in context.files.projectors if source.header), None)
    found = estimate_shape(shape, whole.tensors, settings, projector)
    longest = largest_context(shape, whole.tensors, settings, (context.memory,), projector)
    said = context.modelfile.all("parameter", "num_ctx")[-1:] or (model.instruction,)
    smaller = smaller_quantization(shape, whole.tensors, settings, (context.memory,), projector)
    for finding in about_memory(found, (context.memory,), longest, Span(), smaller):
        yield Finding(finding.message, said[0], finding.help)


def _number(context: Context, key: str) -> int | None:
    for instruction in context.modelfile.all("parameter", key)[-1:]:
        value = parse_value("int", instruction.value)
        if isinstance(value, int) and 0 < value < 1 << 31:
            return value
    return None


RULE = Rule("MK449", check, reads_files=True)
