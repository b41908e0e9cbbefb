"""What a package takes from outside of its own folder.

A package comes from a stranger, and its folder is what the user has looked at. A model or a tokenizer often
lies elsewhere; a text from elsewhere ends in the model, where everybody can read it, and golden files are
written.
"""

from __future__ import annotations

from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.files import real_path
from ..package.package import Package

OUTSIDE = "MK536"


def check_outside(package: Package) -> tuple[Diagnostic, ...]:
    """MK536: a text file, the golden folder or a file in it that is outside of the package's folder.

    Links are followed.
    """
    named = {
        "chat_template": package.chat_template,
        "template": package.template,
        "license": package.license,
        "tests": package.tests,
    }
    home = real_path(package.folder)
    found = [
        Diagnostic(
            OUTSIDE,
            Severity.WARNING,
            f"`{key}`: {path} is outside of the package's folder"
            + ("" if key == "tests" else ", and what it says becomes part of the model"),
            package.span(key),
            "copy it into the package; if the package is not yours, look at that file first",
        )
        for key, path in named.items()
        if isinstance(path, Path) and not real_path(path).is_relative_to(home)
    ]
    golden = real_path(package.golden_folder)
    if golden.is_relative_to(home) and golden.is_dir():
        found += [
            Diagnostic(
                OUTSIDE,
                Severity.WARNING,
                "a link to a file outside of the package's folder, and a changed prompt shows what it says",
                Span(str(package.golden_folder / path.name)),
                "copy the file into the package; if the package is not yours, look at that file first",
            )
            for path in sorted(golden.iterdir())
            if path.is_symlink() and not real_path(path).is_relative_to(home)
        ]
    return tuple(found)
