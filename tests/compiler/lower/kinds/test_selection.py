"""Filtered and mapped lists as JSON, rendered beside Hugging Face's rendering."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt

CHAT = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


def tool(name: str, *required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": "d <&>", "parameters": schema}}


TOOLS = (
    [tool("look", "a", a={"type": "string", "enum": ["x", 'q"<', "ß"]})],
    [tool("no")],
    [tool("no"), tool("look", "b", "a", b={"type": ["string", "null"]}), tool("find", "b")],
)
OF_EACH = "{% for t in tools %}{% set p = t.function.parameters %}WHAT{% endfor %}"
REQUIRED = "{% if p.required %}{{ p.required | HOW }}{% endif %}"


@pytest.mark.parametrize(
    "what",
    [
        "{{ tools | selectattr('function.name', 'ne', 'no') | list | tojson }}",
        "{{ tools | rejectattr('function.name', 'eq', 'no') | list | tojson(indent=4) }}",
        "{{ tools | map(attribute='function.name') | map('string') | list | tojson }}",
        OF_EACH.replace("WHAT", REQUIRED.replace("HOW", "map('string') | list | tojson")),
        OF_EACH.replace("WHAT", REQUIRED.replace("HOW", "select('ne', 'b') | list | tojson")),
        OF_EACH.replace("WHAT", REQUIRED.replace("HOW", "reject('eq', 'b') | list | tojson(indent=2)")),
        OF_EACH.replace("WHAT", REQUIRED.replace("HOW", "map('tojson') | list | tojson")),
        OF_EACH.replace("WHAT", "{{ 'a,b' | replace('a', t.function.name) }}"),
    ],
)
def test_json_of_what_is_kept(what: str) -> None:
    source = "{% if tools %}" + what + "{% endif %}" + CHAT
    found = compile_template(source)
    assert found.coverage["chat"] == "exact"
    assert "MK657" not in {d.code for d in found.diagnostics}
    messages = [{"role": "user", "content": "Hi"}]
    for tools in (None, *TOOLS):
        expected = render_reference(source, messages, tools=tools)
        assert render_prompt(found.template, messages, tools=tools) == expected
