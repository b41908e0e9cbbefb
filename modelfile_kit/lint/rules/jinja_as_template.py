"""A Jinja chat template as TEMPLATE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

_STATEMENT = re.compile(
    r"\{%[-+]?\s*(?:for|if|elif|else|endfor|endif|set|endset|macro|endmacro|generation|filter|raw|call)\b"
)
# Of a text that parses: a comment, or an action with its texts.
_ACTION = re.compile(
    r"\{\{-?\s*/\*.*?\*/\s*-?\}\}"
    r"|\{\{(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|'(?:[^'\\]|\\.)*'|[^\"`'}]|\}(?!\}))*\}\}",
    re.DOTALL,
)
# What no Go template can hold: a subscript by a text, a concatenation, Jinja's own names.
_EXPRESSION = re.compile(
    r"\{\{-?\s*(?:(?:bos_token|eos_token|raise_exception|add_generation_prompt)\b|"
    r"[a-z_]+\['\"]?\w+['\"]?\]|messages\b|message\.(?:content|role)\b)"
)


def is_jinja(text: str) -> bool:
    """Whether a TEMPLATE is written in Jinja."""
    return bool(_STATEMENT.search(text) or _EXPRESSION.search(text))


def _statement(text: str, parses: bool) -> re.Match[str] | None:
    """The first statement of Jinja; what an action of Go quotes is none. parses: whether the text is Go's."""
    if not parses:
        return _STATEMENT.search(text)
    at = 0
    for action in (*_ACTION.finditer(text), None):
        end = action.start() if action else len(text)
        found = _STATEMENT.search(text, at, end)
        if found is not None or action is None:
            return found
        at = action.end()
    return None


def check(context: Context) -> Iterator[Finding]:
    template = context.template
    if template is None:
        return
    found = _statement(template.value, context.template_error is None)
    found = found or _EXPRESSION.search(template.value)
    if found is None:
        return
    line, column = context.value_place(template, found.start())
    what = "refuses it" if context.template_error else "prints it as it stands"
    yield Finding(
        f"this is Jinja (`{found[0].strip()}`), not a Go template: Ollama {what}",
        template,
        line=line,
        column=column,
    )


RULE = Rule(
    "MK252",
    check,
    help="save it as chat_template.jinja and translate it: `mkmodelfile compile chat_template.jinja`",
)
