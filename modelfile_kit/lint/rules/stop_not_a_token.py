"""# What it does

Finds a stop that looks like a special token and is none of the model's vocabulary.

# Why is this bad

The model hardly ever writes it: `<|im_end|>` means nothing to a GLM, whose vocabulary spells it with ten
ordinary tokens. Replies then end only at the tokens that llama.cpp knows by itself, or not at all.

# Example

    FROM ./glm-4.1v-9b.gguf
    PARAMETER stop "<|im_end|>"

# Use instead

Stops that the vocabulary has; `mkmodelfile inspect` shows its special tokens.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ...ollama.special_tokens import looks_control
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    for stop in context.stops if vocabulary else ():
        if vocabulary and looks_control(stop.value) and vocabulary.special_id_of(stop.value) is None:
            yield Finding(f"the stop {stop.value!r} is not a token of this model", stop)


RULE = Rule(
    "MK320",
    "stop-not-a-token",
    Severity.WARNING,
    "A stop that the vocabulary lacks",
    check,
    __doc__,
    help="take it out, or write the token at which this model ends a turn",
    reads_files=True,
)
