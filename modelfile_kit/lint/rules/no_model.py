"""There is no model, only a projector or an adapter."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.pairing import classify
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    froms = context.modelfile.froms
    sources = [context.files.source_of(i) for i in froms]
    headers = [s.header for s in sources if s and s.header]
    if context.files.models or not froms or len(headers) < len(froms):
        return  # a name, a folder or a broken file may hold the model
    kinds = " and ".join(dict.fromkeys(f"{classify(h)}" for h in headers))
    yield Finding(f"there is no model, FROM points only to a {kinds}", froms[0])


RULE = Rule("MK433", check, help="name the text model's GGUF first", reads_files=True)
