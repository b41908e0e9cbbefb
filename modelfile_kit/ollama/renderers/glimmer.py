"""RENDERER glimmer (model/renderers/glimmer.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..think import Think
from .go_text import lower, parameters_json, spaced, string_json, value_json, value_text
from .image_tags import with_tags
from .protocol import Call, Message, Renderer, Tool

_END_MESSAGE, _END_TURN = "<|eom|>", "<|eot|>"
_SYSTEM = "You are a helpful AI assistant."
_CUTOFF = "2026-01-04"
_BEFORE = """\
In this environment you have access to a set of tools you can use to answer the user's question.

You can invoke a function by writing a "<atem:function_calls>" block like the following:
<atem:function_calls>
<atem:invoke name="$FUNCTION_NAME">
<atem:parameter name="$PARAMETER_NAME">$PARAMETER_VALUE</atem:parameter>
...
</atem:invoke>
</atem:function_calls>

String and scalar parameters should be specified as is, while lists and objects should use JSON format. \
Note that spaces for string values are not stripped. The output is not expected to be valid XML and is \
parsed with regular expressions.
Here are the functions available in JSONSchema format:
// Tool metadata
"""
_AFTER = """

Here's an example of how to call a function in the tool set:
(If the tool namespace is not specified, invoke the function directly as `example_function_name` rather than \
`example_tool_name.example_function_name`)

to=example_tool_name.example_function_name

<atem:function_calls>
<atem:invoke name="example_tool_name.example_function_name">
<atem:parameter name="example_parameter_1">value_1</atem:parameter>
<atem:parameter name="example_parameter_2">This is the value for the second parameter
that can span
"multiple" lines
</atem:parameter>
</atem:invoke>
</atem:function_calls>"""
_WORDS = ("Reasoning effort", "Reasoning Effort", "reasoning effort", "REASONING EFFORT")


class Glimmer(Renderer):
    """Every message names its recipient; without a system message the day of the request is written."""

    bos = "<|begin_of_text|>"
    levels = (False, "low", "medium", "high", "max")
    default = "high"
    images = True

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        strength = think if isinstance(think, str) else "none" if think is False else "high"
        out = [self.bos]
        if not any(m.role == "system" for m in messages):
            day = self.today().isoformat()
            out.append(_start("system"))
            out.append(f"{_SYSTEM}\nKnowledge cutoff: {_CUTOFF}.\nCurrent date: {day}.")
            out.append(f"\n\nReasoning strength: {strength}.{_tools(tools)}")
        seen = 0
        for i, message in enumerate(messages):
            content, seen = with_tags(message.content, message.images, seen)
            if message.role == "system":
                for words in _WORDS:
                    content = content.replace(words, _strength(words))
                out += [_start("system"), content]
                if "reasoning strength" not in lower(content):
                    out.append(f"\n\nReasoning strength: {strength}.")
                out.append(_tools(tools))
            elif message.role == "user":
                out += [_start("user"), content, _END_TURN]
            elif message.role == "tool":
                name = _name(message, messages)
                result = f'<tool_output name="{name}">\n{content}\n</tool_output>'
                out += [_start(f"tool {name}"), result, _END_TURN]
            elif message.role == "assistant":
                goes_on = i + 1 < len(messages) and messages[i + 1].role == "assistant"
                out.append(_turn(message, content, _END_MESSAGE if goes_on else _END_TURN))
        return "".join(out) + "<|start|>assistant"


def _strength(words: str) -> str:
    """The other word, in the same letters."""
    first, second = words.split(" ")
    word = "STRENGTH" if second.isupper() else "Strength" if second[0].isupper() else "strength"
    return f"{first} {word}"


def _start(header: str) -> str:
    return f"<|start|>{header}<|message|>"


def _turn(message: Message, content: str, end: str) -> str:
    out = f"{_start('assistant to=self')}{message.thinking}{_END_MESSAGE}" if message.thinking else ""
    if message.calls:
        calls = (f"{_start(f'assistant to={c.name}')}{_call(c)}" for c in message.calls)
        return out + _END_MESSAGE.join(calls) + end
    if content or not message.thinking:
        out += f"{_start('assistant to=user')}{content}{_END_TURN}"
    return out


def _call(call: Call) -> str:
    parameters = (
        f'<atem:parameter name="{k}">{_value(v)}</atem:parameter>\n' for k, v in call.arguments.items()
    )
    invoked = f'<atem:invoke name="{call.name}">\n{"".join(parameters)}</atem:invoke>'
    return f"<atem:function_calls>\n{invoked}\n</atem:function_calls>"


def _value(value: Any) -> str:
    if value is None:
        return "null"
    is_composite = isinstance(value, (Mapping, list))
    return spaced(value_json(value, html=False)) if is_composite else value_text(value)


def _name(message: Message, messages: Sequence[Message]) -> str:
    """Whose result it is: the name that it carries, else that of the last call of its id, else the id."""
    if message.tool_name or not message.tool_call_id:
        return message.tool_name
    names = [c.name for m in messages for c in m.calls if c.id == message.tool_call_id]
    return names[-1] if names else message.tool_call_id


def _tools(tools: Sequence[Tool]) -> str:
    """What ends a system message: the tools and the recipients."""
    spaces = dict.fromkeys(t.name.partition(".")[0] for t in tools)
    recipients = "".join(f', "{space}.*"' for space in spaces)
    end = f'\n\n# Valid recipients: "self"{recipients}, "user".{_END_TURN}'
    if not tools:
        return end
    metadata = "".join(f'{{"name": {string_json(s, html=False)}, "description": ""}}\n' for s in spaces)
    functions = "".join(f"\n{_function(t)}" for t in tools)
    return f"\n\n{_BEFORE}{metadata}// Function schemas{functions}{_AFTER}{end}"


def _function(tool: Tool) -> str:
    name, description = (string_json(text, html=False) for text in (tool.name, tool.description))
    parameters = spaced(parameters_json(tool.parameters, html=False))
    return f'{{"name": {name}, "description": {description}, "parameters": {parameters}}}'
