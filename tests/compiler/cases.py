"""Holds a compiled template to the reference: the second source of every expected prompt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

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
    """The compiled template prints what the reference renders, and refuses what that refuses.

    At least one conversation has to be rendered: where all are refused, nothing was compared.
    """
    found = compiled(source)
    rendered = 0
    for messages in conversations:
        right = reference(source, messages, **request)
        try:
            got = prompt.render_prompt(found.template, messages, **request)
        except KitError as e:
            assert right is None, f"{e}\n{found.template}"
            continue
        assert got == right, found.template
        rendered += 1
    assert rendered, f"every conversation was refused: {source}"
    return found


def check_refused(source: str, *conversations: Sequence[Mapping[str, Any]], **request: Any) -> Compiled:
    """The reference and the compiled template both refuse every conversation."""
    found = compiled(source)
    assert conversations
    for messages in conversations:
        assert reference(source, messages, **request) is None
        with pytest.raises(KitError):
            prompt.render_prompt(found.template, messages, **request)
    return found


def reference(source: str, messages: Sequence[Mapping[str, Any]], **request: Any) -> str | None:
    """What Hugging Face renders, None where the chat template refuses the conversation."""
    try:
        return render_reference(source, messages, **request)
    except ConversationRefusedError:
        return None


def check_expression(expression: str, texts: Sequence[str] = TEXTS) -> Compiled:
    """An expression over `s`, a user's text, between marks."""
    source = "{% for m in messages %}{% set s = m.content %}[" + expression + "]{% endfor %}"
    return check(source, *([user(text)] for text in texts))
