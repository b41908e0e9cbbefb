"""The prompt begins with BOS, and the chat template does not."""

from __future__ import annotations

from ..rule import Rule, at_the_ends

RULE = Rule("MK703", at_the_ends("MK703"), reads_files=True)
