"""Reads a Modelfile and says what will really go wrong with it; one rule a file, as hadolint has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.later import exports

if TYPE_CHECKING:
    from .runner import lint_modelfile

__all__ = ["lint_modelfile"]
__getattr__ = exports(__name__, {"lint_modelfile": "runner"})
