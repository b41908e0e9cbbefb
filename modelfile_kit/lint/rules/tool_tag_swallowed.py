"""# What it does

Finds a tool-call tag that holds what the prompt already ends with.

# Why is this bad

Ollama takes the first text inside the first `{{ if .ToolCalls }}` for the tag by which it finds calls in a
reply. If that text begins with the assistant's header, which the prompt ends with, no reply ever contains
it: calls come back as plain text.

# Example

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}
    {{- if .ToolCalls }}<|assistant|>
    <tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}
    {{- else }}<|{{ .Role }}|>
    {{ .Content }}{{ end }}{{ end }}<|assistant|>
    \"\"\"

# Use instead

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>
    {{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}
    {{- else }}{{ .Content }}{{ end }}
    {{- end }}<|assistant|>
    \"\"\"

"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.prompt is None or not context.probes.takes_tools:
        return
    found = context.prompt.tool_tag
    probe = context.probes["single"]
    if found.text is None or probe.error:
        return
    swallowed = _overlap(probe.text.rstrip(), found.tag)
    # One or two characters in common, as a line's `[`, say nothing.
    if len(swallowed) < 3:
        return
    rest = found.tag[len(swallowed) :].strip()
    yield Finding(
        f"Ollama looks for {found.tag!r} in a reply to find tool calls, but the prompt already ends with "
        f"{swallowed!r}",
        context.template,
        f"let the first text inside {{{{ if .ToolCalls }}}} be {rest!r}" if rest else "",
        **context.place(found.text),
    )


def _overlap(prompt: str, tag: str) -> str:
    """The longest beginning of the tag with which the prompt ends."""
    sizes = range(min(len(prompt), len(tag)), 0, -1)
    return next((tag[:size] for size in sizes if prompt.endswith(tag[:size])), "")


RULE = Rule(
    "MK246",
    "tool-tag-swallowed",
    Severity.ERROR,
    "A tool-call tag that no reply can hold",
    check,
    __doc__,
    help="write the assistant's header before {{ if .ToolCalls }}",
)
