"""# What it does

Finds a TEMPLATE without `.Tools` where the model's own chat template knows tools, and one that takes tools
and then loses the calls or their results.

# Why is this bad

Without `.Tools` Ollama refuses requests with tools. With it and without the calls and results, the model
does not see what its tools answered, and calls again.

# Example

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}
    {{- if eq .Role "user" }}<|user|>{{ .Content }}
    {{- else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

# Use instead

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- range .ToolCalls }}<tool_call>{{ json .Function }}</tool_call>{{ end }}
    {{- end }}<|assistant|>\"\"\"

"""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.selection is None:
        return
    if not context.probes.takes_tools:
        jinja = context.selection.jinja
        if jinja and "tools" in jinja.capabilities:
            words = " and ".join(jinja.words["tools"])
            yield Finding(
                f"this TEMPLATE has no .Tools; the model's chat template knows tools (`{words}`)",
                context.template,
            )
        return
    probe = context.probes["tools"]
    lost = [
        what
        for text, what in ((probes.PLACE, "tool calls"), (probes.RESULT, "the results of tools"))
        if text not in probe.text
    ]
    if lost and not probe.error:
        # Some models' own templates leave the calls out: they are in the answer's text there.
        gentle = lost == ["tool calls"] and "tool_calls" not in (context.files.chat_template or "")
        yield Finding(
            f"this TEMPLATE takes tools and loses {' and '.join(lost)}",
            context.template,
            severity=Severity.INFO if gentle else None,
        )


RULE = Rule(
    "MK208",
    "tools-lost",
    Severity.WARNING,
    "A TEMPLATE that loses tools",
    check,
    __doc__,
    help="print .Tools, the .ToolCalls of the assistant and the .Content of messages of role tool",
)
