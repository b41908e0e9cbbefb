"""# What it does

Finds picture tokens in the TEMPLATE of a package with a projector, as `<|begin_of_image|>` or
`<|vision_start|>`.

# Why is this bad

llama.cpp puts them around every picture by itself. Written in the TEMPLATE too, they are there twice, and
around texts without a picture: no error, only worse answers.

# Example

    FROM ./model.gguf
    # PROJECTOR ./mmproj-model.gguf
    FROM ./mmproj-model.gguf
    TEMPLATE \"\"\"{{ range .Messages }}<|{{ .Role }}|>
    {{- if .Images }}<|begin_of_image|>{{ end }}{{ .Content }}
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
    from ...gguf_file.pairing import projector_type
    from ...gguf_file.projector_types import PROJECTOR_TYPES

    if context.template is None or not context.has_pictures or not context.template_is_used:
        return
    types = [projector_type(s.header) for s in context.files.projectors if s.header]
    known = [PROJECTOR_TYPES[t] for t in types if t in PROJECTOR_TYPES] or list(PROJECTOR_TYPES.values())
    marks = dict.fromkeys(mark for kind in known for mark in kind.marks)
    value = context.template.value
    written = [m for m in marks if m in value]
    if written:
        line = context.template.line + value.count("\n", 0, value.index(written[0]))
        yield Finding(
            f"the TEMPLATE writes {' and '.join(written)}, which llama.cpp puts around pictures by itself",
            context.template,
            line=line,
        )


RULE = Rule(
    "MK250",
    "picture-tokens-twice",
    Severity.ERROR,
    "Picture tokens written twice",
    check,
    __doc__,
    help="take them out of the TEMPLATE",
)
