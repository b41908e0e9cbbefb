"""Packages GGUF models for Ollama so that they really work: prompt, stops and eyes.

The public names are loaded on first use, so importing this module imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .builder import Build, build
    from .compiler import Compiled, compile_template
    from .conversation import Conversation
    from .diagnostics import Diagnostic, Severity, Span
    from .errors import KitError, ModelfileError
    from .gguf_file import Header, read_header
    from .jinja_reference import render_reference
    from .lint import lint_modelfile
    from .ollama.modelfile import Instruction, Modelfile, parse_modelfile
    from .ollama.prompt import render_prompt

_HOME = {
    "Build": "builder",
    "build": "builder",
    "Compiled": "compiler",
    "compile_template": "compiler",
    "Conversation": "conversation",
    "Diagnostic": "diagnostics",
    "Severity": "diagnostics",
    "Span": "diagnostics",
    "KitError": "errors",
    "ModelfileError": "errors",
    "Header": "gguf_file",
    "read_header": "gguf_file",
    "lint_modelfile": "lint",
    "render_reference": "jinja_reference",
    "Instruction": "ollama.modelfile",
    "Modelfile": "ollama.modelfile",
    "parse_modelfile": "ollama.modelfile",
    "render_prompt": "ollama.prompt",
}

__all__ = [
    "Build",
    "Compiled",
    "Conversation",
    "Diagnostic",
    "Header",
    "Instruction",
    "KitError",
    "Modelfile",
    "ModelfileError",
    "Severity",
    "Span",
    "build",
    "compile_template",
    "lint_modelfile",
    "parse_modelfile",
    "read_header",
    "render_prompt",
    "render_reference",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
