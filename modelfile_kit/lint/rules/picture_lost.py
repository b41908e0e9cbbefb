"""# What it does

Finds a package with a projector whose TEMPLATE loses the place of a picture, or doubles it.

# Why is this bad

Ollama puts `[img-0]` before the text of the message, and the engine puts the picture there. If the text is
not printed, or twice, the number of places and of pictures differ, and the request fails or the picture is
not seen.

# Example

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
    TEMPLATE \"\"\"{{ range .Messages }}<|{{ .Role }}|>
    {{- if .Images }}(picture){{ else }}{{ .Content }}{{ end }}
    {{- end }}<|assistant|>\"\"\"

# Use instead

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
    TEMPLATE "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    probe = context.probes["pictures"] if context.probes and context.has_pictures else None
    if probe is None or probe.error:
        return
    count = probe.text.count("[img-0]")
    if count != 1:
        what = (
            "loses the place of a picture" if count == 0 else f"writes the place of a picture {count} times"
        )
        yield Finding(f"this TEMPLATE {what}", context.template)


RULE = Rule(
    "MK249",
    "picture-lost",
    Severity.ERROR,
    "A TEMPLATE that loses pictures",
    check,
    __doc__,
    help="print the .Content of every message once; the picture's place is part of it",
)
