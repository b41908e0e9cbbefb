"""Every tag and text of a chat template is found with its own source."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import frontend
from modelfile_kit.compiler.explain.constructs import constructs_of

WHOLE = """{#- a comment, no construct -#}
{%- macro show(x) -%}
  [{{ x }}]
{%- endmacro %}
{% set names = ['a',
   'b'] %}
{%- for m in messages if m.content -%}
{% if m.role == 'user' %}U{% elif m.role == 'assistant' %}{% generation %}{{ m.content
   | trim }}{% endgeneration %}{% else %}{{ show(m.role) }}{% endif %}
{%- if loop.last %}{% break %}{% endif %}
{% else %}none{% endfor %}
{% set text %}kept{% endset %}{% raw %}{{ not a print }}{% endraw %}
{% with a = 1 %}{% filter upper %}x{% endfilter %}{% endwith %}
{% call(y) show(1) %}{{ y }}{% endcall %}"""


def found(source: Any) -> Any:
    return [c for c, _ in constructs_of(source, frontend.parse(source))]


def test_every_construct_with_its_lines_and_source() -> None:
    tags = [(c.kind, c.line, c.end_line, c.source) for c in found(WHOLE) if c.kind != "text"]
    assert tags == [
        ("macro", 2, 2, "{%- macro show(x) -%}"),
        ("print", 3, 3, "{{ x }}"),
        ("set", 5, 6, "{% set names = ['a',\n   'b'] %}"),
        ("for", 7, 7, "{%- for m in messages if m.content -%}"),
        ("if", 8, 8, "{% if m.role == 'user' %}"),
        ("elif", 8, 8, "{% elif m.role == 'assistant' %}"),
        ("generation", 8, 8, "{% generation %}"),
        ("print", 8, 9, "{{ m.content\n   | trim }}"),
        ("print", 9, 9, "{{ show(m.role) }}"),
        ("if", 10, 10, "{%- if loop.last %}"),
        ("break", 10, 10, "{% break %}"),
        ("set", 12, 12, "{% set text %}"),
        ("with", 13, 13, "{% with a = 1 %}"),
        ("filter", 13, 13, "{% filter upper %}"),
        ("call", 14, 14, "{% call(y) show(1) %}"),
        ("print", 14, 14, "{{ y }}"),
    ]


def test_texts_are_those_of_the_tree() -> None:
    pairs: Any = constructs_of(WHOLE, frontend.parse(WHOLE))
    texts = [(c.source, node.data) for c, node in pairs if c.kind == "text"]
    assert [a for a, _ in texts] == [b for _, b in texts]
    assert "{{ not a print }}" in [a for a, _ in texts]


def test_the_construct_around_each() -> None:
    by_source = {c.source: c for c in found(WHOLE)}
    by_number = {c.number: c for c in by_source.values()}
    around = {s: by_number[c.parent].source if c.parent else "" for s, c in by_source.items()}
    assert around["{{ x }}"] == "{%- macro show(x) -%}"
    assert around["{% generation %}"] == "{% elif m.role == 'assistant' %}"
    assert around["{{ show(m.role) }}"] == "{% if m.role == 'user' %}"
    assert around["none"] == "{%- for m in messages if m.content -%}"
    assert around["{% set text %}"] == ""


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_count_whatever_ends_them(newline: Any) -> None:
    source = "a\n{% if x %}\nb\n{% endif %}{{ x }}".replace("\n", newline)
    assert [(c.kind, c.line) for c in found(source)] == [("text", 1), ("if", 2), ("text", 3), ("print", 4)]


def test_one_tag_of_two_nodes() -> None:
    assert [c.source for c in found("{% print 1, f(2, 3) %}{{ 3 }}")] == ["{% print 1, f(2, 3) %}"] * 2 + [
        "{{ 3 }}"
    ]
