"""RENDERER gemma4, gemma4-small and gemma4-large (model/renderers/gemma4.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..think import Think
from .gemma4_schema import declaration, quoted
from .go_text import number_text, trim, value_text
from .image_tags import with_tags
from .protocol import Call, Message, Renderer, Tool

_THOUGHT, _THOUGHT_END = "<|channel>", "<channel|>"


class Gemma4(Renderer):
    """A call, its results and what the model says then are one turn."""

    bos = "<bos>"
    levels = (False, True)
    images = True

    def __init__(self, *args: Any, large: bool) -> None:
        super().__init__(*args)
        self.large = large

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        own = bool(messages) and messages[0].role in ("system", "developer")
        later = self.target.has("renderer_gemma4_turns")
        null = "null" if later else "<nil>"
        out = [self.bos]
        if own or tools or think:
            out += ["<|turn>system\n", "<|think|>\n" if think else ""]
            out += [trim(messages[0].content) if own else "", *(declaration(t, null=null) for t in tools)]
            out.append("<turn|>\n")
        rest = messages[own:]
        spoken = [i for i, m in enumerate(rest) if m.role != "tool"]
        last_user = max((i for i, m in enumerate(rest) if m.role == "user"), default=-1)
        state = ""
        seen = 0
        for at, i in enumerate(spoken):
            message = rest[i]
            of_model = message.role == "assistant"
            before = rest[spoken[at - 1]].role if at else ""
            after = rest[spoken[at + 1]].role if at + 1 < len(spoken) else ""
            # A client may give the model's messages the role that the prompt gives them.
            is_model = of_model or message.role == "model"
            if not (is_model and before == "assistant"):
                out.append(f"<|turn>{'model' if of_model else message.role}\n")
            if of_model and message.thinking and i > last_user and (later or message.calls):
                out.append(f"{_THOUGHT}thought\n{message.thinking}\n{_THOUGHT_END}")
            out += map(self._call, message.calls)
            results = []
            if message.calls:
                end = spoken[at + 1] if at + 1 < len(spoken) else len(rest)
                for result in rest[i + 1 : end]:
                    content, seen = with_tags(result.content, result.images, seen)
                    results.append(self._result(_name(result, message.calls), content))
            out += results
            state = "result" if results else "call" if message.calls else ""
            content = _without_thoughts(message.content) if is_model else trim(message.content)
            tagged, seen = with_tags(content, message.images, seen)
            out.append(tagged)
            empty = not trim(content) and not message.images
            if state == "call":
                out.append("<|tool_response>")
            elif later:
                goes_on = is_model and after == "assistant"
                out.append("" if goes_on or (results and empty and not after) else "<turn|>\n")
            else:
                out.append("" if results and empty else "<turn|>\n")
        if not state:
            out += [
                "<|turn>model\n",
                f"{_THOUGHT}thought\n{_THOUGHT_END}" if self.large and not think else "",
            ]
        elif state == "result" and think and later:
            out.append(f"{_THOUGHT}thought\n")
        return "".join(out)

    def _call(self, call: Call) -> str:
        return f"<|tool_call>call:{call.name}{self._value(call.arguments)}<tool_call|>"

    def _result(self, name: str, content: str) -> str:
        return f"<|tool_response>response:{name}{{value:{quoted(content)}}}<tool_response|>"

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            return quoted(value)
        if value is None:
            return "null" if self.target.has("renderer_gemma4_turns") else "<nil>"
        if isinstance(value, float):
            return number_text(value)
        if isinstance(value, Mapping):
            return "{" + ",".join(f"{k}:{self._value(value[k])}" for k in sorted(value)) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(self._value, value)) + "]"
        return value_text(value)


def _name(result: Message, calls: Sequence[Call]) -> str:
    """Whose result it is: by the call's id, else by the name that it carries."""
    named = (c.name for c in calls if result.tool_call_id and c.id == result.tool_call_id)
    return next(named, result.tool_name or "unknown")


def _without_thoughts(text: str) -> str:
    """A text without what stands in the channel of thoughts; white space around it goes too."""
    kept = ""
    while _THOUGHT in text:
        before, _, after = text.partition(_THOUGHT)
        kept += before
        found = after.partition(_THOUGHT_END)
        if not found[1]:
            return trim(kept)
        text = found[2]
    return trim(kept + text)
