"""A name that Ollama never fills."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context, Place
from ..rule import Finding, Rule
from ..template_types import CHAT, ROOT, root_names

_NO_VALUE = "<no value>"


def check(context: Context) -> Iterator[Finding]:
    if context.walk is None or not context.template_is_used:
        return
    seen = set()
    for access in context.walk.accesses:
        if access.of is ROOT and not access.known and access.name not in seen:
            seen.add(access.name)
            yield Finding(
                f"Ollama {context.target.name} never fills .{access.name}; it prints {_NO_VALUE}",
                context.template,
                _right_name(access.name, context),
                **context.place(access.node),
            )
    if not seen:
        yield from _printed(context)


def _right_name(name: str, context: Context) -> str:
    """A hint where only the case of a name is wrong."""
    right = next((n for n in root_names(context.target) if n.lower() == name.lower()), "")
    return f"write .{right}: names begin with a capital letter" if right else ""


def _printed(context: Context) -> Iterator[Finding]:
    """Names that are known, and empty in this TEMPLATE's mode."""
    probes = context.probes.asked() if context.probes else ()
    if context.template is None or _NO_VALUE in context.template.value:
        return
    if not any(_NO_VALUE in probe.text for probe in probes):
        return
    roots = [a for a in context.walk.accesses if a.of is ROOT] if context.walk else []
    if context.prompt and context.prompt.is_legacy:
        empty = [a for a in roots if a.name in ("Messages", "Tools", "Suffix")]
    else:
        empty = [a for a in roots if a.name not in CHAT and not a.name.startswith(("Think", "IsThink"))]
    name = f".{empty[0].name}" if empty else "a name"
    place: Place = context.place(empty[0].node) if empty else {}
    yield Finding(
        f"{name} has no value in a chat with this TEMPLATE, which prints {_NO_VALUE}",
        context.template,
        **place,
    )


RULE = Rule(
    "MK240", check, help="a TEMPLATE has .System, .Messages, .Tools, .Think, or .System, .Prompt, .Response"
)
