"""MK662: the package takes images, and its chat template does not say how the model reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import TemplateReferenceError
from ..huggingface import Reference
from ..package.package import Package
from ..prover.image_text import has_images
from .mode import Mode
from .sources import ModelTemplate

CODE = "MK662"


def about_images(
    package: Package,
    mode: Mode,
    coverage: Mapping[str, str] | None,
    reference: ModelTemplate | None,
    *,
    takes_images: bool,
) -> list[Diagnostic]:
    """Whether nothing says what the model was trained to read for an image. coverage: of the TEMPLATE."""
    if not takes_images or reference is None or package.template is not None:
        return []
    by_template = mode.chosen == "go"
    proven = (coverage or {}).get("images") != "absent" if by_template else _has_images(reference)
    return [] if proven else [no_images(Span(template_name(package, reference)))]


def no_images(place: Span | None = None) -> Diagnostic:
    """The finding. place: of the chat template, where a package names it."""
    return Diagnostic(
        CODE,
        Severity.WARNING,
        "the model takes images, and its chat template has none: prompts with images are not proven",
        place,
        help="take the chat template of the model's maker that has images; or write `projector: none` "
        "for a model of text alone",
    )


def template_name(package: Package, reference: ModelTemplate | None) -> str:
    """What findings call the file that the chat template is in."""
    if isinstance(package.chat_template, Path):
        return str(package.as_named(package.chat_template))
    if reference is not None and not reference.origin.startswith("gguf"):
        return reference.origin
    return f"{package.model.name} (chat template)"


def _has_images(reference: ModelTemplate) -> bool:
    try:
        return has_images(
            Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
        )
    except TemplateReferenceError:
        return True  # a limit, or a template that is refused, which has a finding of its own
