"""What expressions can be, as far as Ollama's shape of a request decides it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.prover.conftest import assert_found

BOTH = {True, False}
# Kind of conversation, condition on a message `m`, outcomes that are possible.
CASES = [
    ("chat", "m.content is string", {True}),
    ("images", "m.content is string", BOTH),
    ("chat", "m.metadata", {False}),
    ("chat", "m['metadata'] is defined", {False}),
    ("chat", "m.content is defined and m.content is not none", {True}),
    ("chat", "tools", {False}),
    ("tools", "tools", BOTH),
    ("tools", "tools is not none and tools | length == 0", {False}),
    ("chat", "documents is not none", {False}),
    ("chat", "custom_tools is defined", {False}),
    ("chat", "add_generation_prompt", {True}),
    ("chat", "m.tool_calls is defined", {False}),
    ("tools", "m.tool_calls is defined", BOTH),
    ("tools", "m.tool_calls is defined and not m.tool_calls", {False}),
    ("chat", "m.role == 'tool'", {False}),
    ("tools", "m.role == 'tool'", BOTH),
    ("chat", "m.role | lower == 'tool'", {False}),
    ("chat", "enable_thinking is defined and not enable_thinking", {False}),
    ("thinking", "enable_thinking is defined and not enable_thinking", BOTH),
    ("thinking", "enable_thinking is defined and not thinking is defined", {False}),
    ("chat", "bos_token == '<s>'", {True}),
    ("chat", "m is mapping and m is not string", {True}),
    ("chat", "messages | length > 0", {True}),
    ("chat", "messages[0].role == 'system'", BOTH),
    ("chat", "m.content ~ 'x'", {True}),
    ("chat", "m.content + ''", BOTH),
    ("chat", "m.get('name') is none", {True}),
    ("chat", "m.get('content', 1) == 1", {False}),
    ("chat", "'content' in m", {True}),
    ("chat", "'video' in m", {False}),
    ("chat", "m.content in ['', 'x'] and m.content not in ['x', '']", {False}),
    ("chat", "m.role == 'user' and m.role == 'assistant'", {False}),
    ("chat", "m.role == 'user' or m.role != 'user'", {True}),
    ("chat", "m.content or not m.content", {True}),
    ("chat", "(1 if m.content else 2) == 3", {False}),
    ("chat", "-1 == 1 - 2 and 7 // 2 == 3 and 7 % 2 == 1 and 2 * 3 == 6", {True}),
    ("chat", "{'a': m.content}['b'] is defined", {False}),
    ("chat", "[m.content] | length == 1", {True}),
    ("chat", "messages[1:]", BOTH),
    ("chat", "messages[::-1]", {True}),
    ("chat", "m.content[0] is defined", BOTH),
    ("tools", "m.tool_calls[0].function.name", {True}),
    ("tools", "m['items'] is mapping", {False}),
    ("chat", "loop.index0 < 0", {False}),
    ("chat", "loop.index > 0 and loop.length >= 1", {True}),
    ("chat", "loop.first", BOTH),
]


@pytest.mark.parametrize(("category", "condition", "possible"), CASES)
def test_possible_outcomes(truths: Any, category: str, condition: str, possible: set[bool]) -> None:
    taken, found = truths(condition, category)
    assert found == possible
    assert taken == possible


# Places of an expression inside others.
PLACES = (
    "{{ m.role[:(@ | length)] }}",
    "{{ m.role[(@ | length):] }}",
    "{{ m.role[::(@ | length)] }}",
    "{{ {m.content: 1, 'k': @} }}",
    "{{ {@: 1} }}",
    "{{ [@] }}",
    "{{ (@, 1) }}",
    "{{ 'x' ~ @ }}",
    "{{ @ + 'x' }}",
    "{{ -(@ | length) }}",
    "{{ +(@ | length) }}",
    "{{ not @ }}",
    "{{ 'a' == 'a' == @ }}",
    "{{ @ in 'abc' }}",
    "{{ @ is eq('a') }}",
    "{{ 'a' is eq(@) }}",
    "{{ 'a' is eq(*[@]) }}",
    "{{ 'a' | replace(@, 'x') }}",
    "{{ 'a' | replace(old=@, new='x') }}",
    "{{ 'a' | replace(*[@, 'x']) }}",
    "{{ 'a' | default(**{'default_value': @}) }}",
    "{{ m.get(@) }}",
    "{{ m[@] }}",
    "{{ @.upper() }}",
    "{{ range(*[@ | length]) }}",
    "{{ dict(a=@) }}",
    "{{ dict(**{'a': @}) }}",
    "{{ loop.cycle(@) }}",
    "{{ (m.content or @) }}",
    "{{ 'p' if @ == 'a' else 'q' }}",
    "{{ raise_exception(@) }}",
    "{% if @ == 'a' %}{{ 'x' if @ == 'a' else 'y' }}{% endif %}",
    "{% macro f(a, b=@) %}{% endmacro %}{{ f(1) }}",
    "{% macro f(a, b=@) %}{% endmacro %}{{ f(*[1]) }}",
    "{% macro w() %}{{ caller() }}{% endmacro %}{% call(a=@) w() %}{% endcall %}",
    "{% macro w(q) %}{{ caller() }}{% endmacro %}{% call w(@) %}{% endcall %}",
    "{% macro w() %}{{ caller() }}{% endmacro %}{% call w() %}{{ @ }}{% endcall %}",
    "{% filter replace('a', @) %}a{% endfilter %}",
    "{% set x | replace('a', @) %}a{% endset %}",
    "{% set x = @ %}",
    "{% set n = namespace(x=@) %}{% set n.x = @ %}",
    "{% with q = @ %}{% endwith %}",
    "{% for c in @ if c == @ %}{% else %}{{ @ }}{% endfor %}",
    "{% generation %}{{ @ }}{% endgeneration %}",
    "{% autoescape (@ == 'a') %}{{ m.content }}{% endautoescape %}",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_condition_is_seen_wherever_it_stands(place: str) -> None:
    body = place.replace("@", "('a' if m.content else 'b')")
    assert_found(body, "m.content", False)
    assert_found(body, "m.content", True)
