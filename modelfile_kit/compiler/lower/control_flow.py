"""How work on a path can end other than with a value."""

from __future__ import annotations


class Unsupported(Exception):  # noqa: N818 - an outcome, not a fault
    """A construct that is not supported in a Go template (or not yet)."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


class Raised(Exception):  # noqa: N818
    """The chat template would raise here."""


class Dead(Exception):  # noqa: N818
    """Nothing after this place runs on this path: it failed, broke out or continued."""


class Again(Exception):  # noqa: N818
    """The text of a recursive macro is needed as a value: everything starts over with it written out."""


class TooMuchHeld(Exception):  # noqa: N818
    """Macros whose text is held became too much: everything starts over with them written out everywhere."""


class TooBig(Exception):  # noqa: N818
    """The template outgrew a limit of the compiler."""
