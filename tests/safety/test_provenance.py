"""Which conditions depend on what a message says: small templates, labelled by hand."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import environment
from modelfile_kit.safety.provenance import Provenance, provenance


def known(template: str) -> Provenance:
    return provenance(environment().parse(template))


def asked(template: str) -> list[tuple[str, list[str]]]:
    return [(q.way, q.asked) for q in known(template).questions.values()]


@pytest.mark.parametrize(
    ("condition", "way", "texts"),
    [
        ("'a b' in messages[0].content", "contains", ["a b"]),
        ("'a' in messages[0]['content'] | lower", "contains", ["a"]),
        ("messages[0].content.strip().startswith('a')", "begins with", ["a"]),
        ("messages[-1]['content'] == 'a'", "is", ["a"]),
        ("messages[0].content in ('a', 'b')", "is", ["a", "b"]),
        ("messages[0].content.split('a')[1:]", "contains", ["a"]),
        ("messages[0].content | replace('a', '') != messages[0].content", "is", ["a"]),
        ("messages[0].get('content') == 'a'", "is", ["a"]),
        ("messages[0].content | length > 9", "is as long as", ["9"]),
        ("messages | length > 9", "counts", ["9"]),
        ("strftime_now('%Y') == '2027'", "is", ["2027"]),
    ],
)
def test_a_condition_on_contents(condition: str, way: str, texts: list[str]) -> None:
    assert asked(f"{{% if {condition} %}}x{{% endif %}}") == [(way, texts)]


@pytest.mark.parametrize(
    "condition",
    [
        "messages[0].content",
        "messages[0].content is string",
        "messages[0].content | length > 0",
        "messages[0].content | trim == ''",
        "messages[0].content != none",
        "messages[0].role == 'user'",
        "messages[0].tool_calls[0].function.name == 'search'",
        "'content' in messages[0]",
        "messages | length > 1",
        "tools",
        "enable_thinking == 'on'",
        "bos_token == 'x'",
        "messages[0].content.split('</think>')[1:]",
    ],
)
def test_other_conditions(condition: str) -> None:
    assert asked(f"{{% if {condition} %}}x{{% endif %}}") == []


@pytest.mark.parametrize(
    "template",
    [
        "{% if 'a' in messages[0].content %}Told so{% endif %}",
        "{% set f = 'a' in messages[0].content %}{% if f %}Told so{% endif %}",
        "{% set ns = namespace(f=false) %}{% if 'a' in messages[0].content %}{% set ns.f = true %}{% endif %}"
        "{% if ns.f %}Told so{% endif %}",
        "{% for m in messages %}{% if 'a' in m.content %}{% continue %}{% endif %}Told so{% endfor %}",
        "{% macro told() %}Told so{% endmacro %}{% if 'a' in messages[0].content %}{{ told() }}{% endif %}",
        "{{ 'Told so' if 'a' in messages[0].content }}",
        "{{ ['', 'Told so']['a' in messages[0].content] }}",
        "{% set t %}{% if 'a' in messages[0].content %}Told so{% endif %}{% endset %}{{ t }}",
    ],
)
def test_what_is_printed_depends_on_it(template: str) -> None:
    found = known(template)
    [number] = found.questions
    assert any(p.questions == {number} for p in found.printed.values() if p.text == "Told so")
    assert number in found.deciding


def test_what_does_not_depend_on_it() -> None:
    found = known("{% if 'a' in messages[0].content %}{% set x = 1 %}{% endif %}Told so")
    assert [p.questions for p in found.printed.values()] == [frozenset()]
    assert found.deciding == set()


def test_parts_of_a_content_are_told_by_their_keys() -> None:
    loop = "{% for part in messages[0].content %}{% if 'image' in part %}x{% endif %}{% endfor %}"
    assert asked(loop) == []
    assert asked(loop.replace("'image'", "'invoice'")) == [("contains", ["invoice"])]
