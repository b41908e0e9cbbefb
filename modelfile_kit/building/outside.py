"""What a package takes from outside of its own folder.

A package comes from a stranger, and its folder is what the user has looked at. A model or a tokenizer often
lies elsewhere; a text from elsewhere ends in the model, where everybody can read it, and golden files are
written.
"""

from __future__ import annotations

from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity
from ..package.package import Package

OUTSIDE = "MK536"


def check_outside(package: Package) -> tuple[Diagnostic, ...]:
    """MK536: a text file or the golden folder that is outside of the package's folder, links followed."""
    named = {
        "chat_template": package.chat_template,
        "template": package.template,
        "license": package.license,
        "tests": package.tests,
    }
    home = package.folder.resolve()
    return tuple(
        Diagnostic(
            OUTSIDE,
            Severity.WARNING,
            f"`{key}`: {path} is outside of the package's folder"
            + ("" if key == "tests" else ", and what it says becomes part of the model"),
            package.span(key),
            "copy it into the package; if the package is not yours, look at that file first",
        )
        for key, path in named.items()
        if isinstance(path, Path) and not path.resolve().is_relative_to(home)
    )
