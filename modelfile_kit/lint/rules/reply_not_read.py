"""Tool calls or thinking that Ollama cannot read back."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import KitError
from ...huggingface import Reference
from ...replies.reply_support import unread
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    source = context.files.chat_template
    if source is None or context.prompt is None or not context.reads_by_tags:
        return
    try:
        reference = Reference(source)
    except KitError:
        return
    for found in unread(reference, context.prompt, ("tools", "thinking")):
        if found.severity is Severity.WARNING:
            yield Finding(found.message, context.template, found.help, code=found.code)


RULE = Rule("MK251", check, reads_files=True)
