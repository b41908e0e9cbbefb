"""The chat template begins with BOS, and the prompt does not."""

from __future__ import annotations

from ..rule import Rule, at_the_ends

RULE = Rule("MK702", at_the_ends("MK702"), reads_files=True)
