"""Chat templates of our own writing, one for each way in which models write thoughts, calls and ends."""

from __future__ import annotations

_THINK = "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
_JSON = '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}'
_TOOLS = "{% if tools %}{% for t in tools %}{{ t | tojson }}\n{% endfor %}{% endif %}"


def chatml(calls: str, *, think: str = _THINK, end: str = "<|im_end|>\n", prompt: str = "") -> str:
    """Turns between tokens; calls: what is written for each call `c`."""
    return (
        _TOOLS
        + "{% for m in messages %}<|im_start|>{{ m.role }}\n"
        + "{% if m.role == 'assistant' %}"
        + think
        + "{{ m.content }}{% for c in m.tool_calls or [] %}"
        + calls
        + "{% endfor %}{% else %}{{ m.content }}{% endif %}"
        + end
        + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
        + prompt
        + "{% endif %}"
    )


JSON_CALLS = chatml("<tool_call>\n" + _JSON + "\n</tool_call>")
XML_CALLS = chatml(
    "<call>{{ c.function.name }}{% for k, v in c.function.arguments | items %}"
    "<arg name={{ k }}>{{ v }}</arg>{% endfor %}</call>"
)
# A name that is no "name", so that Ollama takes the whole object for the arguments.
ODD_JSON_CALLS = chatml(
    '{"tool": "{{ c.function.name }}", "input": {{ c.function.arguments | tojson }}}\n', think=""
)
MARKED_CALLS = chatml(
    "<|calls|><|call|>{{ c.function.name }}<|args|>{{ c.function.arguments | tojson }}<|end_call|>"
)
BARE_CALLS = chatml(_JSON, think="")
# Thoughts of former turns are left out, and the prompt opens a new one.
OPENED = chatml("<tool_call>" + _JSON + "</tool_call>", think="", prompt="<think>\n")
NO_CALLS = chatml("", think="")
SWITCHED = (
    "{% if enable_thinking %}Think first.{% endif %}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% endfor %}<|assistant|>"
)
# What ends a thought is written between a thought and the answer, and after former answers.
CHANNELS = (
    _TOOLS
    + "{% for m in messages %}{% if m.role == 'assistant' %}"
    + "{% if m.thinking %}<|start|>assistant<|channel|>thought<|say|>{{ m.thinking }}<|end|>{% endif %}"
    + "{% if m.tool_calls %}<|start|>assistant to={{ m.tool_calls[0].function.name }}<|say|>"
    + "{{ m.tool_calls[0].function.arguments | tojson }}<|call|>{% else %}"
    + "<|start|>assistant<|channel|>final<|say|>{{ m.content }}"
    + "{% if loop.last and not add_generation_prompt %}<|return|>{% else %}<|end|>{% endif %}{% endif %}"
    + "{% else %}<|start|>{{ m.role }}<|say|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    + "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
# No end of its own: the next role's token shows that a turn is over.
OPEN_TURNS = (
    _TOOLS
    + "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% for c in m.tool_calls or [] %}\n<call>"
    + "{{ c.function.name }}\n{{ c.function.arguments | tojson }}</call>{% endfor %}{% endfor %}"
    + "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
