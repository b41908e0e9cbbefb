"""RENDERER cogito (model/renderers/cogito.go)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from ..think import Think
from .go_text import arguments_json, indented, tool_json
from .protocol import Call, Message, Renderer, Tool

_SYSTEM = (
    "You are Cogito, an AI assistant created by Deep Cogito, "
    "which is an AI research lab based in San Francisco."
)


def mark(name: str) -> str:
    """A control token of DeepSeek's vocabulary: `<｜tool▁call▁end｜>` for "tool call end"."""
    return f"<\uff5c{name.replace(' ', chr(0x2581))}\uff5c>"


BOS = mark("begin of sentence")
EOS = mark("end of sentence")


class Cogito(Renderer):
    """All calls of a message stand in one block, all results that follow in another."""

    bos = BOS
    levels = (False, True)

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = messages[0].content if messages and messages[0].role == "system" else ""
        rest = messages[1:] if messages and messages[0].role == "system" else messages
        system = _SYSTEM + (f"\n\n{own}" if own else "")
        if think:
            system = f"Enable deep thinking subroutine.\n\n{system}" + ("\n\n" if own else "")
        if tools:
            system += "\nYou have the following functions available:\n"
            system += "".join(f"```json\n{indented(tool_json(t), '    ')}\n```\n" for t in tools)
        out = [BOS, system]
        open_results = asked = False
        for message, following in zip_longest(rest, rest[1:]):
            asked = message.role == "user" or (asked and message.role not in ("assistant", "tool"))
            if message.role == "user":
                out += [mark("User"), message.content, mark("Assistant")]
            elif message.role == "assistant":
                out += [message.content, _calls(message.calls), EOS]
            elif message.role == "tool":
                out += ["" if open_results else mark("tool outputs begin"), mark("tool output begin")]
                out += [message.content, mark("tool output end")]
                open_results = following is not None and following.role == "tool"
                out.append("\n" if open_results else mark("tool outputs end"))
        out.append("" if asked else mark("Assistant"))
        return "".join(out) + ("<think>\n" if think else "")


def _calls(calls: Sequence[Call]) -> str:
    if not calls:
        return ""
    written = (
        f"{mark('tool call begin')}function{mark('tool sep')}{c.name}\n```json\n{arguments_json(c)}\n```"
        f"{mark('tool call end')}"
        for c in calls
    )
    return mark("tool calls begin") + "\n".join(written) + mark("tool calls end")
