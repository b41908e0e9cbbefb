"""There is no model, only a projector or an adapter."""

from __future__ import annotations

from collections.abc import Iterator

from ...gguf_file.pairing import FileKind, classify
from ..context import Context
from ..rule import Finding, Rule

_WORDS = {FileKind.MODEL: "a model", FileKind.PROJECTOR: "a projector", FileKind.ADAPTER: "an adapter"}


def check(context: Context) -> Iterator[Finding]:
    froms = context.modelfile.froms
    sources = [s for s in context.files.sources if s.instruction in froms]
    headers = [s.header for s in sources if s.header]
    seen = [s.instruction for s in sources if s.header]
    if context.files.models or not froms or any(i not in seen for i in froms):
        return  # a name or a folder without GGUFs may hold the model
    if any(s.error for s in sources):
        return  # and so may a broken file
    kinds = " and ".join(dict.fromkeys(_WORDS[classify(h)] for h in headers))
    yield Finding(f"there is no model, FROM points only to {kinds}", froms[0])


RULE = Rule("MK433", check, help="name the text model's GGUF first", reads_files=True)
