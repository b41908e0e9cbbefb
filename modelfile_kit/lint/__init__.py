"""Reads a Modelfile and says what will really go wrong with it; one rule a file, as hadolint has it."""

from .runner import lint_modelfile

__all__ = ["lint_modelfile"]
