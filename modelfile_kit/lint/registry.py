"""Finds the rules: every module in `rules/` has one `RULE`."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from . import rules as package
from .rule import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    modules = (import_module(f"{package.__name__}.{m.name}") for m in iter_modules(package.__path__))
    return tuple(sorted((m.RULE for m in modules), key=lambda rule: rule.code))


def find_rule(code: str) -> Rule | None:
    """The rule of a code (in any case) or of a name."""
    return _by_name().get(code.strip().lower())


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Rule]:
    return {name: rule for rule in all_rules() for name in (rule.code.lower(), rule.name)}
