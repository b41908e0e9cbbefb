"""# What it does

Finds a tool, or its function, that is printed without `json`.

# Why is this bad

`{{ .Function }}` of a tool has had no JSON form since Ollama 0.14, and `{{ . }}` of a tool had none up to
0.24: Go's own `{name description {…}}` goes into the prompt, which no model was trained on.

# Example

    TEMPLATE \"\"\"{{ range .Tools }}{{ .Function }}{{ end }}
    {{- range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- range .ToolCalls }}<call>{{ json .Function }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

# Use instead

    TEMPLATE \"\"\"{{ range .Tools }}{{ json .Function }}{{ end }}
    {{- range .Messages }}<|{{ .Role }}|>{{ .Content }}
    {{- range .ToolCalls }}<call>{{ json .Function }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...gotemplate.values.gotypes import GoType, Kind
from .. import probes
from ..context import Context, Place
from ..rule import Finding, Rule

_STRUCT = re.compile(rf"[{{&]+(?:\d+ )?(?:[a-z_]* )?{{?{probes.TOOL} ")


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.walk is None or not context.probes.takes_tools:
        return
    probe = next((p for p in context.probes.everywhere("tools") if _STRUCT.search(p.text)), None)
    if probe is None:
        return
    structs = (p for p in context.walk.printed if isinstance(p.type, GoType) and p.type.kind is Kind.STRUCT)
    printed = next((p for p in structs if "String" not in getattr(p.type, "methods", ())), None)
    place: Place = context.place(printed.node) if printed else {}
    found = _STRUCT.search(probe.text)
    shown = probe.text[found.start() : found.start() + 40] if found else ""
    yield Finding(
        f"a tool or a call goes into the prompt as Go prints it: {shown}…", context.template, **place
    )


RULE = Rule(
    "MK244",
    "tool-as-struct",
    Severity.ERROR,
    "A tool printed as a Go struct",
    check,
    __doc__,
    help="write {{ json .Function }} or {{ json . }}",
)
