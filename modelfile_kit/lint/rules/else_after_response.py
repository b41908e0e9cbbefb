"""An else after .Response, which crashes the server."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.errors import PromptError
from ...gotemplate.big_stack import with_deep_stack
from ...ollama.legacy import cut_at_response
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    prompt = context.prompt
    if prompt is None or not prompt.is_legacy or not context.template_is_used:
        return
    try:
        with_deep_stack(lambda: cut_at_response(prompt.template.root))
    except PromptError as error:
        yield Finding(error.message, context.template, error.help)


RULE = Rule("MK204", check)
