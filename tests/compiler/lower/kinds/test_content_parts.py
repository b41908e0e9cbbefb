"""Loops over the parts of a content: pictures first, then the words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from modelfile_kit import compile_template, render_prompt, render_reference

PICTURE_FIRST = """\
{%- for m in messages %}
{%- set lead = namespace(text='human: ') %}
{%- if m.content is not string %}
{%- for part in m.content %}
{%- if part.type == 'text' %}{% if part.text %}{% break %}{% endif %}
{%- elif part.type == 'image' %}{% set lead.text = 'human:' %}{% break %}
{%- endif %}
{%- endfor %}
{%- endif %}
{{- lead.text }}
{%- if m.content is string %}{{ m.content }}{% else %}
{%- for part in m.content %}
{%- if part.type == 'text' %}{{ part.text }}{% else %}<image>{% endif %}
{%- endfor %}
{%- endif %}<sep>
{%- endfor %}"""
WORDS_LEFT_OUT = """\
{%- for m in messages %}{{ m.role }}:
{%- if m.content is string %}{{ m.content }}{% else %}
{%- for part in m.content %}
{%- if part.type == 'text' and part.text == 'skip' %}{% continue %}{% endif %}
{%- if part.type == 'text' %}{{ part.text }}{% else %}<image>{% endif %}
{%- endfor %}
{%- endif %};
{%- endfor %}"""


@pytest.mark.parametrize("jinja", [PICTURE_FIRST, WORDS_LEFT_OUT])
@pytest.mark.parametrize("text", ["x", "skip", "two words"])
def test_an_exit_leaves_the_parts_and_not_the_messages(jinja: Any, text: str) -> None:
    messages: list[Any] = [
        {"role": "user", "content": text, "images": 1},
        {"role": "assistant", "content": "skip"},
        {"role": "user", "content": "y", "images": 2},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": text},
    ]
    compiled = compile_template(jinja)
    found = re.sub(r"\[img-\d+\]", "<image>", render_prompt(compiled.template, messages))
    assert found == render_reference(jinja, messages)
