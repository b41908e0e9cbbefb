"""Libraries that only some commands need: whether one is installed, and how to get it."""

from __future__ import annotations

import importlib.util

from .errors import MissingDependencyError


def installed(module: str) -> bool:
    """Whether a library can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


def need_pillow(purpose: str) -> None:
    """Raises MissingDependencyError where Pillow is not installed.

    purpose: what needs it, as the beginning of a sentence.
    """
    if not installed("PIL"):
        raise MissingDependencyError(
            f"{purpose} needs the library Pillow, which is not installed",
            help='pip install "modelfile-kit[images]"',
        )
