"""Finds the rules: every module in `rules/` has one `RULE`."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from ..core import codes
from . import rules as package
from .rule import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    modules = (import_module(f"{package.__name__}.{m.name}") for m in iter_modules(package.__path__))
    return tuple(sorted((m.RULE for m in modules), key=lambda rule: rule.code))


def find_rule(word: str) -> Rule | None:
    """The rule that gives findings of a code (of today or the past, in any case) or of a name."""
    found = codes.find(word)
    return _by_code().get(found.code) if found else None


@lru_cache(maxsize=1)
def _by_code() -> dict[str, Rule]:
    groups = [(member, rule) for rule in all_rules() for member in rule.about.members]
    return dict(groups) | {rule.code: rule for rule in all_rules()}
