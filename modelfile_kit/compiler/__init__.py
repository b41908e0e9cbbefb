"""A model's chat template (Jinja) becomes a Go TEMPLATE that is proven, or findings that say why not."""

from __future__ import annotations

from .compile import Compiled, compile_template

__all__ = ["Compiled", "compile_template"]
