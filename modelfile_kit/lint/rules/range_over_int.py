"""# What it does

Finds a range over a number where the target is an Ollama from before 0.5.13.

# Why is this bad

Ollama is built with Go 1.24 from 0.5.13 on; before, `range` over an integer is an error and the request
fails.

# Example

    TEMPLATE "{{ range 3 }}.{{ end }}{{ .Prompt }}"

with `--target ">=0.5"`.

# Use instead

A target of at least 0.5.13, or the text written out.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gotemplate.parse import nodes as n
from ...ollama.versions import since
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.walk is None or context.target.has("range_int"):
        return
    for node in context.walk.of_kind(n.RangeNode):
        assert isinstance(node, n.RangeNode)
        first = node.pipe.cmds[-1].args[0]
        counted = isinstance(first, n.IdentifierNode) and first.ident == "len"
        if isinstance(first, n.NumberNode) or counted:
            yield Finding(
                f"range over a number fails on Ollama {context.target.name}, it is of {since('range_int')}",
                context.template,
                **context.place(node),
            )


RULE = Rule(
    "MK247",
    "range-over-int",
    Severity.ERROR,
    "A range over a number on an old Ollama",
    check,
    __doc__,
    help="raise the target, or range over something that is a list",
)
