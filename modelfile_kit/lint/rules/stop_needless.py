"""# What it does

Finds a stop at which llama.cpp ends by itself.

# Why is this bad

It is not: the stop does nothing. It only makes a reader believe that something depends on it.

# Example

    FROM ./qwen2.5.gguf
    PARAMETER stop "<|im_end|>"

# Use instead

No stop; `mkmodelfile inspect` shows the tokens that end a reply by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    for stop in context.stops if vocabulary else ():
        if vocabulary and vocabulary.special_id_of(stop.value) in vocabulary.end_of_generation():
            yield Finding(f"the stop {stop.value!r} is not needed: llama.cpp ends there by itself", stop)


RULE = Rule(
    "MK328",
    "stop-needless",
    Severity.INFO,
    "A stop that does nothing",
    check,
    __doc__,
    help="it may be taken out",
    reads_files=True,
)
