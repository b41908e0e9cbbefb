"""What `doctor` was asked about: a package, whose findings are those of building it, or an error text."""

from __future__ import annotations

import os
from pathlib import Path

from ..building.variants import build_variants
from ..core.diagnostics import Diagnostic, Span
from ..core.errors import KitError, UsageError
from ..core.file_kinds import PACKAGE_ENDINGS, has_ending
from .symptoms import diagnose


def package_of(subject: str) -> Path | None:
    """The package that a word means, None for an error text.

    Raises UsageError for a path that does not exist, which is no error text either.
    """
    if os.path.exists(subject):  # noqa: PTH110 (an error text may be no path at all, or a long one)
        return Path(subject)
    if any(c.isspace() for c in subject) or subject.startswith("{") or "://" in subject:
        return None
    path = Path(subject)
    if (has_ending(path, PACKAGE_ENDINGS) or len(path.parts) > 1) and not diagnose(subject):
        hint = "give a package, or an error text in quotes"
        raise UsageError("no such file or folder", span=Span(subject), help=hint)
    return None


def examine_package(package: Path) -> tuple[Diagnostic, ...]:
    """What building a package, and each of its variants, finds; nothing is written."""
    try:
        builds = build_variants(package, write=False)
    except KitError as error:
        return error.findings
    found: dict[Diagnostic, None] = {}
    for one in builds:
        told = one.built.diagnostics if one.built is not None else ()
        found |= dict.fromkeys(one.error.findings if one.error is not None else told)
    return tuple(found)
