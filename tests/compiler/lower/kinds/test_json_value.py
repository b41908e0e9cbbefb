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
