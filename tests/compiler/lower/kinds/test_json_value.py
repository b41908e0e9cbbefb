"""JSON values, whose type only shows at run time, against Hugging Face's renderer."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt

USES = [
    "{% for x in v | map('upper') %}<{{ x }}>{% endfor %}",
    # `loop.last` takes two passes over the list, and both have to see the same elements
    "{% for x in v | map('upper') | list %}<{{ x }}>{{ ',' if not loop.last }}{% endfor %}",
    "{{ v | map('upper') | join(',') }}",
    "{{ v | join('/') }}",
    "{{ v | map('upper') | list | length }}",
    "{{ v | select('equalto', 'null') | list | length }}",
    "{{ v | reject('equalto', 'null') | first }}",
    "{{ v[0] }}{{ v[-1] }}{{ v[1] is defined }}",
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("types", [["string", "null"], ["null"], []], ids=len)
def test_a_list_in_a_schema(use: str, types: list[str]) -> None:
    source = (
        "{% for t in tools or [] %}{% for k, p in t.function.parameters.properties.items() %}"
        "{% set v = p['items'].type %}{% if v is string %}s{% else %}" + use + "{% endif %}"
        "{% endfor %}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    parameters = {"type": "object", "properties": {"p": {"type": "array", "items": {"type": types}}}}
    tools: list[dict[str, Any]] = [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": parameters}}
    ]
    messages = [{"role": "user", "content": "q"}]
    template = compile_template(source).template
    assert render_prompt(template, messages, tools=tools) == render_reference(source, messages, tools=tools)


@pytest.mark.parametrize("value", [1, 0, True, False, 2, "1", "true", "", None, [1], [True], {"b": 1}, 1.5])
def test_numbers_are_equal_to_true_and_false_as_in_python(value: Any) -> None:
    source = (
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}"
        "{% if c.function.arguments.a == true %}yes{% elif c.function.arguments.a == false %}no{% endif %}"
        "{{ 'not' if c.function.arguments.a != true }}{% endfor %}{% endfor %}"
    )
    call = {"id": "abc123456", "type": "function", "function": {"name": "f", "arguments": {"a": value}}}
    messages = [{"role": "assistant", "content": "q", "tool_calls": [call]}]
    assert render_prompt(compile_template(source).template, messages) == render_reference(source, messages)


def test_values_that_python_alone_takes_for_equal_are_no_exact_claim() -> None:
    source = (
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}"
        "{{ 'same' if c.function.arguments.a == c.function.arguments.b }}{% endfor %}{% endfor %}"
    )
    assert compile_template(source).coverage["tools"] == "partial"


@pytest.mark.parametrize("test", ["c.function.arguments.city is defined", "'city' in c.function.arguments"])
def test_an_argument_that_is_null_is_there(test: str) -> None:
    """Go gives the same for a key that is not there: nothing exact is claimed, whatever the name."""
    source = (
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ 'there' if "
        + test
        + " }}{% endfor %}{% endfor %}"
    )
    assert compile_template(source).coverage["tools"] == "partial"
