"""A tool-call tag that no reply can contain."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.prompt is None or not context.probes.takes_tools:
        return
    found = context.prompt.tool_tag
    probe = context.probes["single"]
    if found.text is None or probe.error:
        return
    swallowed = _overlap(probe.text.rstrip(), found.tag)
    # One or two characters in common, as a line's `[`, say nothing.
    if len(swallowed) < 3:
        return
    rest = found.tag[len(swallowed) :].strip()
    yield Finding(
        f"Ollama looks for {found.tag!r} in a reply to find tool calls, but the prompt already ends with "
        f"{swallowed!r}",
        context.template,
        f"let the first text inside {{{{ if .ToolCalls }}}} be {rest!r}" if rest else "",
        **context.place(found.text),
    )


def _overlap(prompt: str, tag: str) -> str:
    """The longest beginning of the tag with which the prompt ends."""
    sizes = range(min(len(prompt), len(tag)), 0, -1)
    return next((tag[:size] for size in sizes if prompt.endswith(tag[:size])), "")


RULE = Rule("MK246", check, help="write the assistant's header before {{ if .ToolCalls }}")
