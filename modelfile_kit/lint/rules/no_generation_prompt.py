"""The prompt does not end with the generation prompt."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    probe = context.probes["dialogue"] if context.probes else None
    if probe is None or probe.error:
        return
    header = probe.between(probes.QUESTION, probes.ANSWER)
    ending = probe.between(probes.AGAIN)
    if header is None or ending is None or header == ending:
        return
    if probes.lacks_generation_prompt(probe):
        yield Finding(
            f"the generation prompt is missing: the prompt ends with {ending!r}, earlier answers begin "
            f"after {header!r}",
            context.template,
            f"end the TEMPLATE with {header.strip()[len(ending.strip()) :]!r}",
        )
    elif header.split() == ending.split() and not header.startswith(ending):
        yield Finding(
            f"the prompt ends with {ending!r}, but earlier answers begin after {header!r}",
            context.template,
            "write the same spaces and newlines in both places",
            severity=Severity.INFO,
        )


RULE = Rule("MK248", check)
