"""Pictures in messages of every role: their tags stand where the reference writes a picture's own text."""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

import re

import pytest

from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt
from tests.compiler.cases import compiled, user

CONVERSATIONS = (
    [user("a", images=1)],
    [user("a", images=2)],
    [user("", images=1)],
    [{"role": "system", "content": "S", "images": 1}, user("a")],
    [user("q"), {"role": "assistant", "content": "x", "images": 1}, user("b", images=1)],
)
TEMPLATES = {
    "one loop": "{% for m in messages %}{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %};{% endfor %}",
    "a selection each": "{% for m in messages %}{{ m.role }}:"
    "{% for c in m.content | selectattr('type', 'equalto', 'image') %}<image>{% endfor %}"
    "{% for c in m.content | selectattr('type', 'equalto', 'text') %}{{ c.text }}{% endfor %};{% endfor %}",
    "a filter each": "{% for m in messages %}{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content if c.type == 'image' %}<image>{% endfor %}"
    "{% for c in m.content if c.type == 'text' %}{{ c.text }}{% endfor %}{% endif %};{% endfor %}",
    "words first": "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content if c.type == 'text' %}{{ c.text }}{% endfor %}"
    "{% for c in m.content if c.type == 'image' %}<image>{% endfor %}{% endif %};{% endfor %}",
    "one role only": "{% for m in messages %}{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}{% if m.role == 'user' %}<image>{% endif %}"
    "{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %};{% endfor %}",
    "joined words": "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<image>{% endif %}{% endfor %}"
    "{{ m.content | selectattr('type', 'equalto', 'text') | map(attribute='text') | join('') }}{% endif %};{% endfor %}",
    "the last part": "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<image>{% endif %}{% endfor %}{{ m.content[-1].text }}{% endif %};{% endfor %}",
}


def marked(text: str) -> str:
    return re.sub(r"\[img-\d+\]|<image>", "#", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_pictures_stand_where_the_reference_has_them(name: str) -> None:
    source = TEMPLATES[name]
    template = compiled(source).template
    for messages in CONVERSATIONS:
        right = render_reference(source, messages)
        assert marked(render_prompt(template, messages)) == marked(right), template


def test_a_picture_is_not_claimed_where_words_need_parts() -> None:
    assert compiled(TEMPLATES["a selection each"]).coverage["images"] == "partial"
    assert compiled(TEMPLATES["a filter each"]).coverage["images"] == "exact"
