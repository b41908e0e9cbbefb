"""Tool calls or thinking that Ollama cannot read back."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import KitError
from ...huggingface import Reference
from ...ollama.builtin import parser_for
from ...replies.reply_support import unread
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    source = context.files.chat_template
    if source is None or context.prompt is None or not context.template_is_used:
        return
    try:
        reference = Reference(source, eos_token=context.files.eos_token)
    except KitError:
        return
    parser = context.last("parser")
    harmony = context.selection is not None and context.selection.harmony
    seen = context.prompt.with_parser(parser.value if parser else "harmony" if harmony else "")
    if seen.parser and not parser_for(seen.parser, seen.target.newest):
        return  # an unknown name is another finding
    files = context.files
    kinds = ("tools", "thinking")
    for found in unread(reference, seen, kinds, files.reply_tokens, eos_token=files.eos_token):
        if found.severity is Severity.WARNING:
            yield Finding(found.message, context.template, found.help, code=found.code)


RULE = Rule("MK251", check, reads_files=True)
