"""A chat template that never reads the messages."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.compiler.unread import CODE
from modelfile_kit.core.severity import Severity


def found(source: str) -> list[Severity]:
    return [d.severity for d in compile_template(source).diagnostics if d.code == CODE]


@pytest.mark.parametrize(
    "source",
    [
        "You are a helpful assistant.{{ eos_token }}",
        "{% for m in mesages or [] %}{{ m.content }}{% endfor %}",
        "{% set message = 'x' %}{{ message }}",
    ],
)
def test_it_is_an_error(source: str) -> None:
    assert found(source) == [Severity.ERROR]


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages[0].content }}",
        "{% macro f(m) %}{{ m.content }}{% endmacro %}{{ f(messages | last) }}",
        # its own fault is told, not this one
        "{{ raise_exception('no chat') }}",
    ],
)
def test_others_are_left_alone(source: str) -> None:
    assert found(source) == []
