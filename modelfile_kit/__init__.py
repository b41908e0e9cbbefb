"""Package GGUF models for Ollama and verify prompts, stop tokens and vision.

The public names are loaded on first use, so importing this module imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .core.version import __version__

if TYPE_CHECKING:
    from .building.build import Build, build
    from .compiler import Compiled, compile_template
    from .core.conversation import Conversation
    from .core.diagnostics import Diagnostic, Severity, Span
    from .core.errors import KitError, ModelfileError
    from .gguf_file import Header, read_header
    from .huggingface import render_reference
    from .lint import lint_modelfile
    from .ollama.grammar import Instruction, Modelfile, parse_modelfile
    from .ollama.prompt import render_prompt

_HOME = {
    "Build": "building.build",
    "build": "building.build",
    "Compiled": "compiler",
    "compile_template": "compiler",
    "Conversation": "core.conversation",
    "Diagnostic": "core.diagnostics",
    "Severity": "core.diagnostics",
    "Span": "core.diagnostics",
    "KitError": "core.errors",
    "ModelfileError": "core.errors",
    "Header": "gguf_file",
    "read_header": "gguf_file",
    "lint_modelfile": "lint",
    "render_reference": "huggingface",
    "Instruction": "ollama.grammar",
    "Modelfile": "ollama.grammar",
    "parse_modelfile": "ollama.grammar",
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
    "__version__",
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
