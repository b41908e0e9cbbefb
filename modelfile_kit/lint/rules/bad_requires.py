"""# What it does

Finds a REQUIRES whose value is not a version.

# Why is this bad

Ollama takes it apart as a semantic version and refuses to create the model otherwise.

# Example

    REQUIRES latest

# Use instead

    REQUIRES 0.14.0
"""

from __future__ import annotations

from ...core.diagnostics import Severity
from ..rule import Rule, complaints

RULE = Rule(
    "MK117",
    "bad-requires",
    Severity.ERROR,
    "REQUIRES without a version",
    complaints("MK117"),
    __doc__,
)
