"""REQUIRES without a version."""

from __future__ import annotations

from ..rule import Rule, complaints

RULE = Rule("MK117", complaints("MK117"))
