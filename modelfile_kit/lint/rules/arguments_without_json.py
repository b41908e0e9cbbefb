"""# What it does

Finds the arguments of a tool call, or a tool's parameters, that come out as Go prints a map.

# Why is this bad

Printed without `json`, arguments are `map[city:Rome]` on some servers and JSON on others, and an object among
them is `map[…]` on all. The model reads its own former calls in a form that it never writes.

# Example

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- range .ToolCalls }}<call>
    {{- range $k, $v := .Function.Arguments }}{{ $k }}: {{ $v }}{{ end }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

# Use instead

    TEMPLATE \"\"\"{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- range .ToolCalls }}<call>
    {{- range $k, $v := .Function.Arguments }}{{ $k }}: {{ json $v }}{{ end }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule

# Of the probe: the arguments themselves, and an object among them.
_MAPS = ("map[more:", "map[q_key:")


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or not context.probes.takes_tools:
        return
    if any(m in probe.text for probe in context.probes.everywhere("tools") for m in _MAPS):
        yield Finding("arguments or parameters of a tool come out as a Go map, `map[…]`", context.template)


RULE = Rule(
    "MK245",
    "arguments-without-json",
    Severity.WARNING,
    "Tool arguments printed as a Go map",
    check,
    __doc__,
    help="write {{ json .Function.Arguments }}",
)
