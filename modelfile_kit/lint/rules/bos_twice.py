"""# What it does

Finds a TEMPLATE that begins with the BOS token where llama.cpp puts one there by itself.

# Why is this bad

The prompt begins with two: llama.cpp only warns in its log, and most models were never trained on that.

# Example

    FROM ./llama-3.gguf
    TEMPLATE "<|begin_of_text|>{{ range .Messages }}{{ .Content }}{{ end }}"

# Use instead

    FROM ./llama-3.gguf
    TEMPLATE "{{ range .Messages }}{{ .Content }}{{ end }}"
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
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
            f"the prompt begins with {bos!r}, and llama.cpp puts another before it", context.template
        )


RULE = Rule(
    "MK325",
    "bos-twice",
    Severity.WARNING,
    "A second BOS",
    check,
    __doc__,
    help="take it out of the TEMPLATE",
    reads_files=True,
)
