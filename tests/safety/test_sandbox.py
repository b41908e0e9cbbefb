"""Ways out of Jinja: published tricks, and what only looks like one."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import environment
from modelfile_kit.safety.sandbox import escapes


def found(template: str) -> list[str]:
    return [escape.what for escape in escapes(environment().parse(template))]


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ()['__class__'] }}",
        "{{ x|attr('__init__') }}",
        "{{ x|attr(name) }}",
        "{{ x|attr('__in' ~ 'it__') }}",
        "{{ xs|map(attribute='a.__class__')|list }}",
        "{{ xs|map('attr', '__class__')|list }}",
        "{{ xs|groupby('__class__') }}",
        "{{ xs|selectattr('__class__') }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ '{x[__globals__]}'.format_map(d) }}",
        "{{ self.__init__ }}",
        "{{ f.func_globals }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
    ],
)
def test_ways_out(template: str) -> None:
    assert found(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ message.content }}",
        "{{ '__class__' }}",
        "{% if '__init__' in message.content %}{% endif %}",
        "{{ xs|map(attribute='name')|list }}",
        "{{ xs|map('lower')|list }}",
        "{{ '{0} {name}'.format(x, name=1) }}",
        "{{ cycler('a', 'b').next() }}",
        "{{ ns.__x }}",
    ],
)
def test_ordinary_ones(template: str) -> None:
    assert found(template) == []


def test_a_field_that_never_closes_is_read_once() -> None:
    assert not found("{{ '{" + "._" * 200_000 + "'.format(1) }}")
    assert found("{{ '{" + "._" * 200_000 + "}'.format(1) }}")
