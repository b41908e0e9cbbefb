"""A range over a number on an old Ollama."""

from __future__ import annotations

from collections.abc import Iterator

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
                f"range over a number fails on Ollama {context.target.name}, it came in {since('range_int')}",
                context.template,
                **context.place(node),
            )


RULE = Rule("MK247", check, help="raise the target, or range over something that is a list")
