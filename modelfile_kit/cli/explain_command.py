"""`mkmodelfile explain`."""

from __future__ import annotations

import click

from ..errors import UsageError
from ..lint.registry import all_rules, find_rule


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="CODE...")
def command(codes: tuple[str, ...]) -> None:
    """Explain rules by code or name; without one, list them all."""
    if not codes:
        for rule in all_rules():
            click.echo(f"{rule.code}  {rule.severity.value:7}  {rule.name:28}  {rule.title}")
        return
    for code in codes:
        rule = find_rule(code)
        if rule is None:
            raise UsageError(f"no rule {code!r}", help="`mkmodelfile explain` without a code lists all rules")
        click.echo(
            f"{rule.code} {rule.name} ({rule.severity.value}): {rule.title}\n\n{rule.documentation.strip()}\n"
        )
