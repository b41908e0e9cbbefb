"""# What it does

Finds parameters that Ollama has given up: `mirostat`, `mirostat_tau`, `mirostat_eta`, `penalize_newline`,
`low_vram`, `f16_kv`, `logits_all`, `vocab_only`, `use_mlock`.

# Why is this bad

Since 0.7 Ollama prints a warning and leaves the value out, so the model does not behave as the file says.

# Example

    PARAMETER mirostat 2

# Use instead

The line left out; `temperature`, `top_p` and `min_p` are what samples now.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Fix, Rule, removed


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK112"):
        # Where an older Ollama is meant too, the line may still do something there.
        fix = Fix((removed(instruction, context.text),)) if context.target.has("short_options") else None
        yield Finding(found.message, instruction, found.help, fix=fix)


RULE = Rule(
    "MK112",
    "deprecated-parameter",
    Severity.WARNING,
    "A parameter that Ollama ignores",
    check,
    __doc__,
    fixes=True,
)
