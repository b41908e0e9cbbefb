"""Tools: their schemas as JSON and key by key."""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

import pytest

from tests.compiler.cases import TOOL, check, compiled, user

TEMPLATES = [
    "{% if tools %}{% for tool in tools %}{{ tool | tojson }}{{ ',' if not loop.last }}{% endfor %}{% endif %}",
    "{{ tools | tojson }}",
    "{{ tools | tojson(indent=4) }}",
    "{% for t in tools %}{{ t.function | tojson(indent=2) }}{% endfor %}",
    "{{ tools | map(attribute='function') | list | tojson }}",
    "{% for t in tools %}{% set f = t.function %}{{ f.name }}: {{ f.description }}"
    "{% for k, p in f.parameters.properties.items() %}{{ k }}{{ p.type }}{{ p.description }}"
    "{{ k in f.parameters.required }}{% if p.enum %}{{ p.enum | join('|') }}{% endif %}{% endfor %}{% endfor %}",
    "{% for t in tools %}{{ t }}{% endfor %}",
    "{% macro show(v) %}{% if v is mapping %}{% for k, x in v.items() %}({{ k }}:{{ show(x) }}){% endfor %}"
    "{% elif v is string %}{{ v }}{% else %}{% for x in v %}[{{ show(x) }}]{% endfor %}{% endif %}{% endmacro %}"
    "{% for t in tools %}{{ show(t.function.parameters.properties) }}{% endfor %}",
]


@pytest.mark.parametrize("source", TEMPLATES)
def test_tools_are_the_requests(source: str) -> None:
    found = check(
        "{% if tools %}" + source + "{% endif %}{{ messages[0].content }}", [user("a")], tools=[TOOL]
    )
    assert found.coverage["tools"] == "partial"  # the order of keys is Ollama's


NESTED = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "d",
        "parameters": {
            "type": "object",
            "properties": {
                "filters": {
                    "type": "object",
                    "description": "f",
                    "properties": {
                        "lang": {"type": "string"},
                        "around": {
                            "type": "object",
                            "properties": {"lines": {"type": "integer", "description": "how many"}},
                        },
                    },
                    "required": ["lang"],
                },
                "none": {"type": "object", "properties": {}},
            },
            "required": ["filters"],
        },
    },
}
NESTING = [
    "{% macro show(ps) %}{% for k, p in ps.items() %}{{ k }}={{ p.type }}{% if p.properties is mapping %}"
    "{ {{ show(p.properties) }}{{ p.properties | length }} }{% endif %}{{ ',' if not loop.last }}{% endfor %}{% endmacro %}"
    "{% for t in tools %}{{ show(t.function.parameters.properties) }}{% endfor %}",
    "{% for t in tools %}{% for k, p in t.function.parameters.properties | dictsort %}{{ k }}{% if p['properties'] %}"
    "{% for k2, p2 in p['properties'] | dictsort %}{{ k2 }}{{ p2.type }}{% endfor %}{{ 'lang' in p['properties'] }}"
    "{{ p['properties']['lang'].type }}{% for k3 in p.properties %}<{{ k3 }}>{% endfor %}{% endif %}{% endfor %}{% endfor %}",
]


NESTING += [
    "{{ tools }}",
    "{% for t in tools if t.function.name != 'f' %}{{ t.function.name }}{{ loop.first }}{{ loop.last }}{% endfor %}",
    "{% for t in tools | selectattr('function.name', 'eq', 'search') %}{{ t.function.name }}{% endfor %}",
    "{% for t in tools %}{% for k, p in t.function.parameters.properties.items() %}{% for f in p if f != 'type' %}"
    "{{ f }}={{ p[f] | string }}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}{% endfor %}{% endfor %}",
    "{% macro show(ps, depth) %}{% for k, p in ps.items() %}{{ '  ' * depth }}{{ label }}{{ k }}{{ '\n' }}"
    "{% if p.properties %}{{ show(p.properties, depth + 1) }}{% endif %}{% endfor %}{% endmacro %}"
    "{% for t in tools %}{% set label = 'local' %}{{ show(t.function.parameters.properties, 0) }}{% endfor %}"
    "{% set label = '-' %}{{ show(tools[0].function.parameters.properties, 0) }}",
]


@pytest.mark.parametrize("source", NESTING)
def test_properties_inside_properties(source: str) -> None:
    check("{% if tools %}" + source + "{% endif %}{{ messages[0].content }}", [user("a")], tools=[NESTED])


def test_tools_do_not_concern_a_plain_chat() -> None:
    assert compiled("{% if tools %}{{ tools | tojson }}{% endif %}x").coverage["chat"] == "exact"
