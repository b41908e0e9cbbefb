"""Go's text/template in Python, as Go 1.24 to 1.26 has it. It knows nothing of Ollama or Jinja.

`parse(source).execute(data)`; `values` says how Go's values look in Python. Where Go's releases differ
(the words of a refused comparison, parentheses 10,000 deep, `slice` of a pointer) it is Go 1.26.

source → lexer, token_reader, parser → nodes → printer
nodes → evaluator, operands, state, reflection, functions, comparing: exactly, step by step as Go
nodes → compiled, loops, calls, call_*, expressions, runtime: fast; hands over where in doubt
values: values, gotypes, literals, gounicode, gofloat, gojson
package fmt: formatting, fmt_basic, fmt_directive
bounds: budget, recursion, deep
"""

from ..core.errors import GoTemplateError
from .compiled.budget import LimitError, Limits
from .parse import nodes
from .template import Template, parse
from .values.gojson import marshal
from .values.gotypes import Function, GoFunctionError

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
