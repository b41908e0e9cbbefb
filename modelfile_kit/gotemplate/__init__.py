"""Go's text/template in Python, as Go 1.24 to 1.26 has it. It knows nothing of Ollama or Jinja."""

from ..errors import GoTemplateError
from . import nodes
from .budget import LimitError, Limits
from .gojson import marshal
from .gotypes import Function, GoFunctionError
from .template import Template, parse

__all__ = [
    "Function",
    "GoFunctionError",
    "GoTemplateError",
    "LimitError",
    "Limits",
    "Template",
    "marshal",
    "nodes",
    "parse",
]
