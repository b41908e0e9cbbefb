"""The prompt does not contain tools, calls or results."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
from .. import probes
from ..context import Context
from ..rule import Finding, Rule

_TEXTS = {probes.PLACE: "tool calls", probes.RESULT: "the results of tools"}


def check(context: Context) -> Iterator[Finding]:
    if context.probes is None or context.selection is None:
        return
    if not context.probes.takes_tools:
        jinja = context.selection.jinja
        ignored = context.own_template is not None and context.own_template.ignores_tools()
        if jinja and "tools" in jinja.capabilities and not ignored:
            words = " and ".join(jinja.words["tools"])
            yield Finding(
                f"this TEMPLATE has no .Tools; the model's chat template supports tools (`{words}`)",
                context.template,
            )
        return
    probe = context.probes["tools"]
    lost = {text: what for text, what in _TEXTS.items() if text not in probe.text}
    if not lost or probe.error:
        return
    message = f"this TEMPLATE accepts tools and leaves out {' and '.join(lost.values())}"
    if context.also_lost("tools", lost):
        yield Finding(
            f"{message}, as the model's own chat template does",
            context.template,
            "the model does not see what was called; put calls and results into the messages' text",
            severity=Severity.INFO,
        )
        return
    # Some models' own templates leave the calls out: they are in the answer's text there.
    gentle = list(lost) == [probes.PLACE] and "tool_calls" not in (context.files.chat_template or "")
    yield Finding(message, context.template, severity=Severity.INFO if gentle else None)


RULE = Rule(
    "MK208",
    check,
    help="print .Tools, the .ToolCalls of the assistant and the .Content of messages of role tool",
)
