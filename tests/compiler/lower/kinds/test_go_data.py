"""Whole messages are compared as Python compares dictionaries: by all that they hold."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt

SHOWS = (
    "{% for m in messages %}<{{ m.role }}>{{ m.reasoning_content }}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}({{ c.function.name }}){% endfor %}"
    "{% if m == messages[-1] %}LAST{% endif %}{% if m != messages[0] %}LATER{% endif %}{% endfor %}"
)
ASKED = {"role": "user", "content": "u"}


def _said(**more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "", **more}


def _call(name: str, city: str) -> dict[str, Any]:
    return {"id": "abc123456", "type": "function", "function": {"name": name, "arguments": {"city": city}}}


def _answer(**more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": "21", **more}


@pytest.mark.parametrize(
    "messages",
    [
        [ASKED, _said(tool_calls=[_call("f", "x")]), _answer(), _said(tool_calls=[_call("f", "y")])],
        [ASKED, _said(tool_calls=[_call("f", "x")]), _answer(), _said(tool_calls=[_call("g", "x")])],
        [ASKED, _said(tool_calls=[_call("f", "x")]), _answer(), _said(tool_calls=[_call("f", "x")])],
        [ASKED, _said(tool_calls=[_call("f", "x")]), _answer(), _said()],
        [ASKED, _answer(tool_call_id="a"), _answer(tool_call_id="b")],
        [ASKED, _answer(tool_name="f"), _answer(tool_name="g"), _answer(tool_name="f")],
        [ASKED, _said(thinking="x"), ASKED, _said(thinking="y")],
        [ASKED, _said(thinking="x"), ASKED, _said()],
        [ASKED, _said(), ASKED, _said()],
    ],
)
def test_what_is_not_content_tells_messages_apart(messages: list[dict[str, Any]]) -> None:
    template = compile_template(SHOWS).template
    assert render_prompt(template, messages) == render_reference(SHOWS, messages)


def test_images_are_not_compared() -> None:
    """Two images are the same part of a content for a chat template, and are not for Go."""
    source = (
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
        "{% for p in m.content %}{{ '<img>' if p.type == 'image' else p.text }}{% endfor %}{% endif %}"
        "{% if m == messages[-1] %}LAST{% endif %}{% endfor %}"
    )
    compiled = compile_template(source)
    assert (compiled.coverage["chat"], compiled.coverage["images"]) == ("exact", "partial")
