"""# What it does

Finds a Modelfile whose FROM files hold no model: a projector or an adapter alone.

# Why is this bad

Creating it fails, or makes something that cannot answer: llama.cpp says `CLIP cannot be used as main model`.

# Example

    FROM ./mmproj-model.gguf

# Use instead

    FROM ./model.gguf
    FROM ./mmproj-model.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    from ...gguf_file.pairing import classify

    froms = context.modelfile.froms
    sources = [context.files.source_of(i) for i in froms]
    headers = [s.header for s in sources if s and s.header]
    if context.files.models or not froms or len(headers) < len(froms):
        return  # a name, a folder or a broken file may hold the model
    kinds = " and ".join(dict.fromkeys(f"{classify(h)}" for h in headers))
    yield Finding(f"FROM names no model: what is there is a {kinds}", froms[0])


RULE = Rule(
    "MK433",
    "no-model",
    Severity.ERROR,
    "A projector without a model",
    check,
    __doc__,
    help="name the text model's GGUF first",
    reads_files=True,
)
