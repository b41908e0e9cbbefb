"""# What it does

Finds a stop that is, or is in, the tag of a tool call or of thinking.

# Why is this bad

The reply ends at its own first tag: no call arrives, or the thoughts are cut off and no answer follows.

# Example

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}
    {{- end }}<|assistant|>\"\"\"
    PARAMETER stop "<tool_call>"

# Use instead

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}
    {{- end }}<|assistant|>\"\"\"
    PARAMETER stop "<|user|>"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.prompt is None or not context.template_is_used:
        return
    for stop in context.stops:
        for tag, what in context.reply_tags.items():
            if stop.value and stop.value in tag:
                yield Finding(
                    f"the stop {stop.value!r} is in the tag of {what}, {tag!r}: replies end there", stop
                )
                break


RULE = Rule(
    "MK327",
    "stop-cuts-reply",
    Severity.ERROR,
    "A stop inside a tag of the reply",
    check,
    __doc__,
    help="take the stop out",
)
