"""A context that needs more memory than there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.diagnostics import Span
from ...core.errors import GGUFError
from ...core.later import later
from ...ollama.parameters import parse_value
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from ... import fit
    from ...fit import findings, search, settings, shape, sources
else:
    fit = later("modelfile_kit.fit")
    findings = later("modelfile_kit.fit.findings")
    search = later("modelfile_kit.fit.search")
    settings = later("modelfile_kit.fit.settings")
    shape = later("modelfile_kit.fit.shape")
    sources = later("modelfile_kit.fit.sources")


def check(context: Context) -> Iterator[Finding]:
    model, memory = context.files.model, context.memory
    if memory is None or model is None or model.header is None:
        return
    try:
        whole = sources.model_of(model.header)
    except GGUFError:
        return  # its parts are another rule's matter
    asked = settings.Settings(
        _number(context, "num_ctx") or settings.DEFAULT_CONTEXT,
        batch=_number(context, "num_batch") or settings.DEFAULT_BATCH,
    )
    form = shape.shape_of(whole.header, whole.tensors)
    if form.unknown:
        return
    projector = next((source.header for source in context.files.projectors if source.header), None)
    found = fit.estimate_shape(form, whole.tensors, asked, projector)
    longest = search.largest_context(form, whole.tensors, asked, (memory,), projector)
    said = context.modelfile.all("parameter", "num_ctx")[-1:] or (model.instruction,)
    smaller = search.smaller_quantization(form, whole.tensors, asked, (memory,), projector)
    for finding in findings.about_memory(found, (memory,), longest, Span(), smaller):
        yield Finding(finding.message, said[0], finding.help)


def _number(context: Context, key: str) -> int | None:
    for instruction in context.modelfile.all("parameter", key)[-1:]:
        value = parse_value("int", instruction.value)
        if isinstance(value, int) and 0 < value < 1 << 31:
            return value
    return None


RULE = Rule("MK449", check, reads_files=True)
