"""Go's text/template in Python, as Go 1.24 to 1.26 has it. It knows nothing of Ollama or Jinja.

    >>> from modelfile_kit.gotemplate import parse
    >>> parse("{{ range .Names }}<{{ . }}>{{ end }}").execute({"Names": ["a", "b"]})
    '<a><b>'

The rooms, each of which uses only those above it:

    values/    how Go's values and types look in Python; packages strconv, unicode and encoding/json
    budget     what one execution may use up; recursion: how deep templates call each other
    parse/     lexer, parser, nodes (every node prints itself), numbers
    fmt        package fmt: print, printf, println
    exec/      the exact evaluator, step by step as Go, and the builtin functions
    compiled/  the same trees as Python closures: fast, and handed over to exec/ where a rule is in doubt
    template   `parse`, `Template.execute`

`values/representation.py` says how Go's values look in Python. `big_stack` gives deep recursion room.
Where Go's releases differ (the words of a refused comparison, parentheses 10,000 deep, `slice` of a
pointer) it is Go 1.26. UPSTREAM.md lists Go's files beside ours, and what deviates.
"""

from ..core.errors import GoTemplateError
from .budget import LimitError, Limits, Spent
from .parse import nodes
from .template import Template, parse
from .values.encoding_json import marshal
from .values.gotypes import Function, GoFunctionError

__all__ = [
    "Function",
    "GoFunctionError",
    "GoTemplateError",
    "LimitError",
    "Limits",
    "Spent",
    "Template",
    "marshal",
    "nodes",
    "parse",
]
