"""What the chat template of a package does with contents that its user would not expect."""

from __future__ import annotations

from ..core.diagnostics import Diagnostic
from ..package.package import Package
from ..safety.examine import examine
from .sources import ModelTemplate


def about_contents(package: Package, reference: ModelTemplate | None) -> tuple[Diagnostic, ...]:
    """Findings about the chat template that a package is held to, each with the file that its line is in."""
    if reference is None:
        return ()
    file = (
        f"{package.model.name} (chat template)" if reference.origin.startswith("gguf") else reference.origin
    )
    found = examine(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    return tuple(finding.diagnostic(file) for finding in found)
