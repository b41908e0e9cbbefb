"""A field that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.near_words import near_word
from ..context import Context
from ..rule import Finding, Rule
from ..template_types import Root, root_names


def check(context: Context) -> Iterator[Finding]:
    if context.walk is None or not context.template_is_used:
        return
    for access in context.walk.accesses:
        if access.known or isinstance(access.of, Root):
            continue
        fields = [f.name for f in access.of.fields]
        near = near_word(access.name, fields)
        hint = f"did you mean .{near}?" if near else f"it has {', '.join(f'.{f}' for f in fields)}"
        if not near and access.name in root_names(context.target):
            hint = f"inside a range, use $ for the outermost names: $.{access.name}"
        what = access.of.name.rpartition(".")[2].removeprefix("template")
        yield Finding(
            f"Ollama {context.target.name} has no field .{access.name} in a {what or 'value'}: requests fail",
            context.template,
            hint,
            **context.place(access.node),
        )


RULE = Rule("MK241", check)
