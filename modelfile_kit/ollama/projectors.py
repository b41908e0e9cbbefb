"""Projectors on a release of Ollama: what it takes a file for, and whether its engine knows the type.

Code: MK424, a projector that is too new for the target.
"""

from __future__ import annotations

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.header import Header
from ..gguf_file.inputs import ENDED_AT_0_30, VISION_INSIDE, audio_type, projector_type, vision_inside
from ..gguf_file.pairing import FileKind, KindRules, classify
from ..gguf_file.projector_types import find_type
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
    types = (find_type(name) for name in dict.fromkeys((projector_type(projector), audio_type(projector))))
    too_new = [t for t in types if t is not None and target.version < t.ollama]
    if not too_new:
        return []
    newest = max(too_new, key=lambda t: t.ollama)
    came = version_text(newest.ollama)
    message = (
        f"the engine of Ollama {target.name} does not know projector type {newest.name!r} (since {came})"
    )
    advice = f"set target: '>={came}', or package the model without the projector"
    return [_error(projector, message, advice)]


def check_inside(model: Header, target: Target) -> list[Diagnostic]:
    """Why the vision part in a model's own file does not work on the (oldest) release of a target."""
    since_release = VISION_INSIDE.get(model.architecture)
    if since_release is None or not vision_inside(model):
        return []
    ended = model.architecture in ENDED_AT_0_30 and target.newest.version >= (0, 30, 0)
    if not ended and target.version >= since_release:
        return []
    came = version_text(since_release)
    message = f"Ollama {target.name} does not run the vision part in the file of this model (since {came})"
    if ended:
        message = f"Ollama 0.30 and later no longer run the vision part of {model.architecture!r}"
    return [
        Diagnostic(
            "MK424",
            Severity.WARNING,
            message,
            Span(model.source),
            f"set target: '>={came}'" if not ended else "use a text model with its projector instead",
        )
    ]


def _error(projector: Header, message: str, advice: str) -> Diagnostic:
    return Diagnostic("MK424", Severity.ERROR, message, Span(projector.source), advice)
