"""The vocabulary adds EOS to every prompt."""

from __future__ import annotations

from ..rule import Rule, at_the_ends

RULE = Rule("MK728", at_the_ends("MK728"), reads_files=True)
