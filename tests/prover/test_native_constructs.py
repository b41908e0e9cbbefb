"""What counts as the same in both engines; that it is, is seen in tests/integration."""

from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.prover.native_constructs import MarkedReference

LOOP = "{%% for m in messages %%}%s{%% endfor %%}"


def constructs(source: str) -> list[str]:
    found = MarkedReference(source, bos_token="", eos_token="").constructs()
    assert all(c.line == 1 for c in found)
    return [c.text for c in found]


@pytest.mark.parametrize(
    "source",
    [
        LOOP % "{{ m.role ~ m['content'] }}{% if m.content.startswith('a') %}{{ loop.index }}{% endif %}",
        "{% set rest = messages[1:] %}{% set rest = rest if rest else messages %}{{ rest | length }}",
        "{% set ns = namespace(l=[], t='') %}" + LOOP % "{% set ns.l = ns.l + [m] %}" + "{{ ns.l[0].role }}",
        LOOP % "{% if m.tool_calls | length > 1 %}{{ m.tool_calls[0].function.name }}{% endif %}",
        LOOP % "{{ m.content.split('</think>')[-1].lstrip('\\n') }}",
        "{% macro said(x) %}{{ x }}{% endmacro %}{{ said(messages[0].content) }}",
        "{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}",
    ],
)
def test_known(source: str) -> None:
    assert constructs(source) == []


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("{{ m.content | trim }}", "m.content | trim"),
        ("{{ m.content.strip() }}", "m.content.strip()"),
        ("{{ m.content.strip('é') }}", "m.content.strip('é')"),
        ("{{ m.content | upper }}", "m.content | upper"),
        ("{{ m.content.split() | join }}", "m.content.split()"),
        ("{{ m.content | length }}", "m.content | length"),
        ("{{ m.content[0] }}", "m.content[0]"),
        ("{{ m.content[1:] }}", "m.content[1:]"),
        ("{{ m.content.split(' ') | sort | join }}", "m.content.split(' ') | sort"),
        ("{{ m | tojson }}", "m | tojson"),
        ("{{ m.tool_calls }}", "m.tool_calls"),
        ("{{ 'x' ~ m.tool_calls[0].function.arguments }}", "m.tool_calls[0].function.arguments"),
        ("{{ strftime_now('%Y') }}", "strftime_now('%Y')"),
        ("{{ loop.index / 2 }}", "(loop.index / 2)"),
        ("{% filter upper %}x{% endfilter %}", "upper"),
        ("{% set x | upper %}x{% endset %}", "upper"),
        ("{{ m.content is lower }}", "m.content is lower"),
        ("{% set messages = m.content %}{{ messages[0] }}", "messages[0]"),
        ("{% for tools in messages %}{{ tools[0] }}{% endfor %}", "tools[0]"),
    ],
)
def test_unknown(inside: str, found: str) -> None:
    assert any(found in text for text in constructs(LOOP % inside)), constructs(LOOP % inside)


def test_only_what_a_conversation_comes_to_counts() -> None:
    source = "{% if tools %}{{ tools | tojson }}{% endif %}" + LOOP % "{{ m.content }}"
    marked = MarkedReference(source, bos_token="", eos_token="")
    [construct] = marked.constructs()
    user = {"role": "user", "content": "x"}
    assert marked.reached(Conversation("plain", (user,))) == set()
    tool = {"type": "function", "function": {"name": "f"}}
    assert marked.reached(Conversation("offered", (user,), (tool,))) == {construct}


def test_what_fails_behind_a_construct_still_came_to_it() -> None:
    source = "{{ messages[0].content | upper }}{{ raise_exception('no') }}"
    marked = MarkedReference(source, bos_token="", eos_token="")
    assert len(marked.reached(Conversation("c", ({"role": "user", "content": "x"},)))) == 1


def test_no_chat_template() -> None:
    with pytest.raises(TemplateReferenceError):
        MarkedReference("{% for", bos_token="", eos_token="")
