"""Image tokens written twice."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.inputs import projector_type
from ...gguf_file.projector_types import PROJECTOR_TYPES
from ..context import Context
from ..rule import Finding, Rule

# LightOnOCR's marks begin and end every turn of ChatML too: that they are written says nothing.
_TURN_TOKENS = ("<|im_start|>", "<|im_end|>")


def check(context: Context) -> Iterator[Finding]:
    if context.template is None or not context.takes_images or not context.template_is_used:
        return
    types = [projector_type(s.header) for s in context.files.projectors if s.header]
    known = [PROJECTOR_TYPES[t] for t in types if t in PROJECTOR_TYPES] or list(PROJECTOR_TYPES.values())
    every = (mark for kind in known for mark in (*kind.marks, *kind.other_marks))
    marks = dict.fromkeys(mark for mark in every if mark not in _TURN_TOKENS)
    value = context.template.value
    written = [m for m in marks if m in value]
    if written:
        line = context.template.line + value.count("\n", 0, value.index(written[0]))
        yield Finding(
            f"the TEMPLATE writes {' and '.join(written)}, which llama.cpp writes around every image",
            context.template,
            line=line,
        )


RULE = Rule("MK250", check, help="remove them from the TEMPLATE")
