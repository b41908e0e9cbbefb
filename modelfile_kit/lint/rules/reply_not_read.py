"""# What it does

Finds a TEMPLATE by whose tags Ollama does not read the tool calls or thoughts that the model writes, as the
model's own chat template shows them.

# Why is this bad

Requests with tools are accepted and the model calls them; but the calls are printed as text, or lost, and
thoughts stand in the answer. Ollama finds thoughts between two fixed texts and calls as JSON behind a third,
and infers all three from the TEMPLATE.

# Example

    FROM ./model.gguf
    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- if .ToolCalls }}<call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

for a model whose chat template writes `<tool_call>` before a call.

# Use instead

The tags of the chat template; `mkmodelfile compile` finds those that work. Where the format is not JSON, a
PARSER may know it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...core.errors import KitError
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    source = context.files.chat_template
    if source is None or context.prompt is None or not context.reads_by_tags:
        return
    from ...huggingface import Reference
    from ...replies.reply_support import unread

    try:
        reference = Reference(source)
    except KitError:
        return
    for found in unread(reference, context.prompt, ("tools", "thinking")):
        if found.severity is Severity.WARNING:
            yield Finding(found.message, context.template, found.help)


RULE = Rule(
    "MK251",
    "reply-not-read",
    Severity.WARNING,
    "Tool calls or thoughts that Ollama does not read",
    check,
    __doc__,
    reads_files=True,
)
