"""Tools whose schemas nest, put through macros that call themselves; Hugging Face's renderer is the judge.

A Go template cannot ask a defined template for its text. Where a macro's text is held in a name, it is
written out to a bound, and what lies beyond gets an error and never another prompt.
"""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt

# In the shape of gpt-oss: the type of a list's elements is looked at before it is printed.
HELD = """{%- macro type_of(spec, required) %}
{%- if spec.type == 'array' %}
  {%- if spec['items'] %}
    {%- set inner = type_of(spec['items'], required) %}
    {%- if inner == 'any' or inner | length > 60 %}any[]{% else %}{{ inner + '[]' }}{% endif %}
  {%- else %}any[]{% endif %}
{%- elif spec.type is defined and spec.type is not string and spec.type[0] is defined %}
  {{- spec.type | join(' | ') }}
{%- elif spec.type == 'object' and spec.properties %}
  {{- '{' }}{% for name, inner in spec.properties.items() %}{{ name }}
  {%- if name not in (spec.required or []) %}?{% endif %}: {{ type_of(inner, spec.required or []) }},
  {%- endfor %}{{ '}' }}
{%- elif spec.enum %}{{ spec.enum | join('/') }}
{%- else %}{{ spec.type or 'any' }}{% endif %}
{%- endmacro %}
{%- for tool in tools or [] %}{% for name, spec in tool.function.parameters.properties.items() %}
{{- name }}: {{ type_of(spec, tool.function.parameters.required or []) }}
{% endfor %}{% endfor %}
{%- for m in messages %}{{ m.content }}{% endfor %}"""
# The same, printed only.
PRINTED = HELD.replace("{%- set inner = type_of(spec['items'], required) %}", "").replace(
    "{%- if inner == 'any' or inner | length > 60 %}any[]{% else %}{{ inner + '[]' }}{% endif %}",
    "{{- type_of(spec['items'], required) }}[]",
)
# A property's own keys, none of them the name in the mapping.
UNNAMED = """{%- macro all(properties) %}{% for name, p in properties.items() %}({{ p.description }}
{%- if p.properties %}{{ all(p.properties) }}{% endif %}){% endfor %}{% endmacro %}
{%- for tool in tools or [] %}{{ all(tool.function.parameters.properties) }}{% endfor %}
{%- for m in messages %}{{ m.content }}{% endfor %}"""

TEXT = {"type": "string"}


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def mapped(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    found = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


SCHEMAS: dict[str, dict[str, Any]] = {
    "text": TEXT,
    "enum": {"type": "string", "enum": ["a", "b"]},
    "union": {"type": ["string", "null"]},
    "object": mapped(a=TEXT),
    "object in object": mapped(a=mapped(b=TEXT)),
    "three objects": mapped(a=mapped(b=mapped(c=TEXT))),
    "list of texts": listed(TEXT),
    "list of an enum": listed({"type": "string", "enum": ["a", "b"]}),
    "list of a union": listed({"type": ["string", "null"]}),
    "list of lists": listed(listed(TEXT)),
    "list of objects": listed(mapped(a=TEXT)),
    "list of objects, one key required": listed(mapped(("a",), a=TEXT, b={"type": "integer"})),
    "list of long objects": listed(mapped(a_long_name=TEXT, another_long_name=TEXT, the_last_of_them=TEXT)),
    "list of objects with a union": listed(mapped(a={"type": ["string", "number"]})),
    "list of objects with lists": listed(mapped(a=listed(TEXT))),
    "object with a list of objects": mapped(a=listed(mapped(b=TEXT))),
    "list of lists of objects": listed(listed(mapped(a=TEXT))),
    "list of objects in objects": listed(mapped(a=mapped(b=TEXT))),
    "list of objects with lists of objects": listed(mapped(a=listed(mapped(b=TEXT)))),
    "list without items": {"type": "array"},
    "nothing": {"description": "of any type"},
}
# Where the text of the macro is needed four levels down.
DEEP = {
    "list of objects with lists",
    "list of lists of objects",
    "list of objects in objects",
    "list of objects with lists of objects",
}


def tools_with(schema: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {"p": schema}}
    return [{"type": "function", "function": {"name": "f", "description": "d", "parameters": parameters}}]


@pytest.fixture(scope="module", params=[HELD, PRINTED], ids=["held", "printed"])
def compiled(request: pytest.FixtureRequest) -> tuple[str, Compiled]:
    return request.param, compile_template(request.param)


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_schema_is_rendered_or_refused(compiled: tuple[str, Compiled], name: str) -> None:
    source, found = compiled
    tools = tools_with(SCHEMAS[name])
    messages = [{"role": "user", "content": "q"}]
    right = render_reference(source, messages, tools=tools)
    if source == HELD and name in DEEP:
        with pytest.raises(KitError, match="recursive macro type_of over values of the request"):
            render_prompt(found.template, messages, tools=tools)
        assert "MK610" in {d.code for d in found.diagnostics}
        return
    assert render_prompt(found.template, messages, tools=tools) == right


def test_the_text_of_a_macro_is_worked_out_once() -> None:
    found = compile_template(HELD)
    # compared, measured and printed: one variable, not three
    assert len(found.template) < 20_000  # twice as long with a copy for each use


def test_keys_that_nobody_reads_still_leave_the_values() -> None:
    """The properties inside a property are an iterator, which gives keys to a `range` of one variable."""
    found = compile_template(UNNAMED)
    text = {"type": "string", "description": "y"}
    inner = {"type": "object", "description": "x", "properties": {"k": text}}
    tools, messages = tools_with(inner), [{"role": "user", "content": "q"}]
    right = render_reference(UNNAMED, messages, tools=tools)
    assert right == "(x(y))q"
    assert render_prompt(found.template, messages, tools=tools) == right


@pytest.mark.parametrize("value", [[1, 2], ["a"], [], "abc", "", 5, {"0": 1}, True, 1.5, [[1], [2]]])
def test_an_element_of_an_argument_of_any_type(value: Any) -> None:
    source = (
        "{% for m in messages %}{% for c in m.tool_calls or [] %}{% set x = c.function.arguments.x %}"
        "<{{ x[0] }}|{{ x[-1] }}|{{ x[1] is defined }}>{% endfor %}{{ m.content }}{% endfor %}"
    )
    call = {"function": {"name": "f", "arguments": {"x": value}}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    assert render_prompt(compile_template(source).template, messages) == render_reference(source, messages)
