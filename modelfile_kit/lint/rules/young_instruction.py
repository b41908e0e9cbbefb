"""An instruction that the target Ollama does not know."""

from __future__ import annotations

from ..rule import Rule, complaints

RULE = Rule("MK116", complaints("MK116"))
