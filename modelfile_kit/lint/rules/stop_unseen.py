"""# What it does

Finds a stop that is a control token at which llama.cpp does not end by itself.

# Why is this bad

Servers before 0.30 end there. Later ones look for stops in the text, and llama-server leaves control tokens
out of the text, so the stop never fires (seen on 0.33.0).

# Example

    FROM ./glm-4.1v-9b.gguf
    PARAMETER stop "<|observation|>"

# Use instead

A GGUF that names the token as end of turn or end of message (`tokenizer.ggml.eot_token_id`,
`tokenizer.ggml.eom_token_id`). Where the model does not end replies with it, nothing need be done.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    if vocabulary is None or not context.newest.has("native_jinja"):
        return
    for stop in context.stops:
        token = vocabulary.id_of(stop.value)
        if token is None or vocabulary.type_of(token) != "control" or token in vocabulary.end_of_generation():
            continue
        yield Finding(
            f"the stop {stop.value!r} is a control token: Ollama from 0.30 on does not see it and writes on",
            stop,
            f"a GGUF that names it as end of message (tokenizer.ggml.eom_token_id = {token}) ends there",
        )


RULE = Rule(
    "MK321",
    "stop-unseen",
    Severity.INFO,
    "A stop that Ollama 0.30 does not see",
    check,
    __doc__,
    reads_files=True,
)
