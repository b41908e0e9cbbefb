"""Ollama's own renderers (RENDERER): from a request to the prompt, a file for each family."""

from .protocol import Renderer
from .registry import MAKERS, OLDEST, make_renderer, resolve_name

__all__ = ["MAKERS", "OLDEST", "Renderer", "make_renderer", "resolve_name"]
