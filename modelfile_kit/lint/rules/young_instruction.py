"""# What it does

Finds RENDERER, PARSER, REQUIRES and DRAFT where the target is an Ollama from before they came.

# Why is this bad

An older Ollama refuses the whole file: `command must be one of …`. RENDERER and PARSER came with 0.12.0,
REQUIRES with 0.14.0, DRAFT with 0.23.1.

# Example

    FROM ./model.gguf
    DRAFT ./draft.gguf

with `--target ">=0.20"`.

# Use instead

A target of at least the release that brought it, or leave the instruction out.
"""

from __future__ import annotations

from ...core.diagnostics import Severity
from ..rule import Rule, complaints

RULE = Rule(
    "MK116",
    "young-instruction",
    Severity.ERROR,
    "An instruction that the target does not know",
    complaints("MK116"),
    __doc__,
)
