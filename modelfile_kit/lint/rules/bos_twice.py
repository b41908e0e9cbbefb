"""The prompt begins with BOS twice."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    probe = context.probes["single"] if context.probes else None
    if vocabulary is None or probe is None or not vocabulary.add_bos or vocabulary.bos_id is None:
        return
    bos = vocabulary.token(vocabulary.bos_id)
    if bos and probe.text.startswith(bos):
        yield Finding(
            f"the prompt begins with {bos!r}, and llama.cpp adds another before it", context.template
        )


RULE = Rule("MK325", check, help="remove it from the TEMPLATE", reads_files=True)
