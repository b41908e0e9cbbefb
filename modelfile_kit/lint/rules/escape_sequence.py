"""An escape sequence that is taken literally."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import ModelfileError
from ...gotemplate.parse import nodes
from ...ollama.grammar import Instruction, write_instruction
from ..context import Context
from ..rule import Finding, Fix, Rule, rewritten

_ESCAPE = re.compile(r"\\(?:[nrt\"]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")
# In a TEMPLATE those that stand for a line end, a tab or a quote.
_PLAIN = re.compile(r"\\([nrt\"])")
_MEANT = {"n": "\n", "r": "", "t": "\t", '"': '"'}


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.instructions:
        stop = instruction.name == "parameter" and instruction.key == "stop"
        found = _ESCAPE.search(instruction.value)
        if not found or not (stop or instruction.command in ("system", "message")):
            continue
        yield Finding(
            f"{'the stop' if stop else instruction.command.upper()} contains {found[0]}, which is not an "
            "escape sequence in a Modelfile: these characters stay as they are",
            instruction,
            severity=Severity.WARNING if stop else Severity.INFO,
        )
    yield from _template(context)


def _template(context: Context) -> Iterator[Finding]:
    """Escape sequences in the text of the TEMPLATE; inside its actions Go reads them."""
    template = context.template
    found = next(iter(_in_text(context)), None)
    if template is None or found is None:
        return
    line, column = context.value_place(template, found.start())
    yield Finding(
        f"the TEMPLATE contains {found[0]}, which is not an escape sequence in a Modelfile: every prompt "
        "contains these two characters",
        template,
        "write real line ends, with the whole TEMPLATE in three double quotes",
        line=line,
        column=column,
        fix=_fix(context, template),
    )


def _in_text(context: Context) -> Iterator[re.Match[str]]:
    value = context.template.value if context.template else ""
    actions = _actions(value)
    start, end = next(actions, (len(value), len(value)))
    for found in _PLAIN.finditer(value):
        while end <= found.start():
            start, end = next(actions, (len(value), len(value)))
        if found.start() < start:
            yield found


def _actions(text: str) -> Iterator[tuple[int, int]]:
    """Where the actions of a TEMPLATE begin and end; one that nothing closes goes on to the end."""
    start = text.find("{{")
    while start >= 0:
        close = text.find("}}", start)
        end = close + 2 if close >= 0 else len(text)
        yield start, end
        start = text.find("{{", end)


def _fix(context: Context, template: Instruction) -> Fix | None:
    """The TEMPLATE with the characters themselves; none where its text is not known for sure."""
    if context.walk is None:
        return None
    texts = "".join(n.text for n in context.walk.nodes if isinstance(n, nodes.TextNode))
    found = list(_in_text(context))
    if len(_PLAIN.findall(texts)) != len(found):
        return None
    pieces, at = [], 0
    for each in found:
        pieces += [template.value[at : each.start()], _MEANT[each[1]]]
        at = each.end()
    try:
        written = write_instruction(Instruction("template", "", "".join(pieces) + template.value[at:]))
    except ModelfileError:
        return None
    return rewritten(template, written)


RULE = Rule(
    "MK122",
    check,
    help="write the character itself; a value in three double quotes may contain line ends",
    fixes=True,
)
