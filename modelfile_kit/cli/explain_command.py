"""`mkmodelfile explain`."""

from __future__ import annotations

import re

import click

from ..core.errors import UsageError
from ..lint.registry import all_rules, find_rule
from ..lint.rule import Rule

# What the findings of other commands are about; only lint's rules have a page each.
_RANGES = {
    "1": "a Modelfile's grammar, instructions and values",
    "2": "prompts and the TEMPLATE",
    "3": "the vocabulary: stops, end tokens, BOS",
    "4": "GGUF files and projectors",
    "5": "mkmodelfile.yaml and families",
    "6": "what the compiler could not take over from a chat template",
    "7": "alignment with the reference",
    "8": "publishing and verifying",
    "9": "the environment and golden tests",
}


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="CODE...")
def command(codes: tuple[str, ...]) -> None:
    """Explain lint's rules by code or name; without one, list them all."""
    if not codes:
        for rule in all_rules():
            click.echo(f"{rule.code}  {rule.severity.value:7}  {rule.name:28}  {rule.title}")
        return
    click.echo("\n\n".join(_page(_find(code)) for code in codes))


def _find(code: str) -> Rule:
    rule = find_rule(code)
    if rule is not None:
        return rule
    found = re.fullmatch(r"MK([1-9])\d\d", code.strip().upper())
    if found:
        hint = f"MK{found[1]}xx is about {_RANGES[found[1]]}; such a finding's own help says what to do"
        raise UsageError(f"{code} is not a rule of lint", help=hint)
    raise UsageError(f"no rule {code!r}", help="`mkmodelfile explain` without a code lists all rules")


def _page(rule: Rule) -> str:
    head = f"{rule.code} {rule.name} ({rule.severity.value}): {rule.title}"
    notes = ["`mkmodelfile lint --fix` mends it where that is safe."] if rule.fixes else []
    notes += ["It needs the model's files beside the Modelfile."] if rule.reads_files else []
    return "\n\n".join([head, rule.documentation.strip(), *notes])
