"""Tool calls or thinking that Ollama cannot read back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.diagnostics import Severity
from ...core.errors import KitError
from ...core.later import later
from ...ollama.builtin import parser_for
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from ...huggingface import render
    from ...replies import reply_support
else:
    render = later("modelfile_kit.huggingface.render")
    reply_support = later("modelfile_kit.replies.reply_support")


def check(context: Context) -> Iterator[Finding]:
    source = context.files.chat_template
    if source is None or context.prompt is None or not context.template_is_used:
        return
    try:
        reference = render.Reference(source, eos_token=context.files.eos_token)
    except KitError:
        return
    parser = context.last("parser")
    harmony = context.selection is not None and context.selection.harmony
    seen = context.prompt.with_parser(parser.value if parser else "harmony" if harmony else "")
    if seen.parser and not parser_for(seen.parser, seen.target.newest):
        return  # an unknown name is another finding
    files = context.files
    kinds = ("tools", "thinking")
    told = reply_support.unread(reference, seen, kinds, files.reply_tokens, eos_token=files.eos_token)
    for found in told:
        if found.severity is Severity.WARNING:
            yield Finding(found.message, context.template, found.help, code=found.code)


RULE = Rule("MK251", check, reads_files=True)
