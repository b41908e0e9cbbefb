"""Error texts of Ollama and llama.cpp that people paste, and the findings that they stand for."""

from __future__ import annotations

from ..core.diagnostics import Diagnostic, Severity
from ..core.urls import hide_logins
from ..runtime.error_texts import find

UNKNOWN = "MK906"


def diagnose(text: str) -> tuple[Diagnostic, ...]:
    """The findings that an error text stands for; none where the text is not known.

    text: as it was shown, with whatever is around it. The reason comes first; what only follows from it is
    left out. Passwords of addresses in it are not repeated.
    """
    found = find(hide_logins(text))
    return tuple(Diagnostic(m.code, Severity.ERROR, m.meaning, help=m.step) for m in found)


def unrecognised(text: str) -> Diagnostic:
    """The finding for a text that no program known here prints; a single word may be a mistyped path."""
    if text and not any(c.isspace() for c in text):
        message = f"{hide_logins(text)!r} is neither a file or folder nor an error text that is known"
        hint = "check the path, or give the whole error text in quotes"
        return Diagnostic(UNKNOWN, Severity.ERROR, message, help=hint)
    hint = "run `mkmodelfile doctor PACKAGE` on the package, and `mkmodelfile inspect` on its files"
    return Diagnostic(UNKNOWN, Severity.ERROR, "unrecognised error text", help=hint)
