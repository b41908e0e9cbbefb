"""Holds a compiled template to the reference: the second source of every expected prompt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelfile_kit.compiler.compile import Compiled, translate
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import ConversationRefusedError, render_reference
from modelfile_kit.ollama import prompt

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": 'Says <b>how</b> "it" is & more, 你好',
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city's name"},
                "unit": {"type": "string", "description": "d", "enum": ["c", "f"]},
            },
            "required": ["city"],
        },
    },
}
CALL = {
    "id": "abc123456",
    "function": {"name": "get_weather", "arguments": {"city": "Köln <1>", "unit": "c"}},
}
BLANKS = "\t\n\v\f\r \x1c\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000"
TEXTS = (
    "x",
    "",
    " a ",
    "\n\na\n",
    BLANKS + "a" + BLANKS + "b" + BLANKS,
    BLANKS,
    "a</think>b",
    "<think>t</think>\n\nb</think>c",
    "</think></think>",
    "{{ .System }} {% if x %} 你好🎉 \\ \"quoted\" 'it' `x`",
    "aaa",
    "a|b||c",
    "|",
    "ÀÉ Zz",
)


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def compiled(source: str, **more: Any) -> Compiled:
    """The template without the proof."""
    return translate(source, **more)


def check(source: str, *conversations: Sequence[Mapping[str, Any]], **request: Any) -> Compiled:
    """The compiled template prints what the reference renders for every conversation."""
    found = compiled(source)
    for messages in conversations:
        try:
            right = render_reference(source, messages, **request)
        except ConversationRefusedError:
            right = None
        try:
            got = prompt.render_prompt(found.template, messages, **request)
        except KitError as e:
            assert right is None, f"{e}\n{found.template}"
            continue
        assert got == right, found.template
    return found


def check_expression(expression: str, texts: Sequence[str] = TEXTS) -> Compiled:
    """An expression over `s`, a user's text, between marks."""
    source = "{% for m in messages %}{% set s = m.content %}[" + expression + "]{% endfor %}"
    return check(source, *([user(text)] for text in texts))
