"""Projectors on a release of Ollama: what it takes a file for, and whether its engine knows the type.

Code: MK424, a projector that is too new for the target.
"""

from __future__ import annotations

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.header import Header
from ..gguf_file.pairing import FileKind, KindRules, classify, projector_type
from ..gguf_file.projector_types import PROJECTOR_TYPES
from .versions import Target, since, version_text


def kind_on(header: Header, target: Target) -> FileKind:
    """What the (oldest) release of a target takes a file for."""
    rules = KindRules(target.has("mmproj_type"), target.has("projector_needs_no_blocks"))
    return classify(header, rules)


def check_on(projector: Header, target: Target) -> list[Diagnostic]:
    """Why a projector does not work on the (oldest) release of a target; empty if nothing is known."""
    if kind_on(projector, target) is not FileKind.PROJECTOR:
        message = (
            f"Ollama {target.name} takes this file for a second model: it has no clip.vision.block_count"
        )
        return [_error(projector, message, f"convert it again, or set target: '>={since('mmproj_type')}'")]
    known = PROJECTOR_TYPES.get(projector_type(projector))
    if known is None or target.version >= known.ollama:
        return []
    came = version_text(known.ollama)
    message = f"the engine of Ollama {target.name} does not know projector type {known.name!r} (since {came})"
    return [_error(projector, message, f"set target: '>={came}', or package the model without images")]


def _error(projector: Header, message: str, advice: str) -> Diagnostic:
    return Diagnostic("MK424", Severity.ERROR, message, Span(projector.source), advice)
