import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK205"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\nSYSTEM x\n'
        ),
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        (
            'TEMPLATE """{{ .System }}{{ range .Messages }}'
            '{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE "{{ .System }}{{ .Prompt }}"\n',
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_worse_where_something_is_lost():
    template = 'TEMPLATE "{{ .Prompt }}"\n'
    assert rule_catches(CODE, template).severity == "info"
    assert rule_catches(CODE, template + "SYSTEM x\n").severity == "warning"
    assert rule_catches(CODE, template + "MESSAGE system x\n").severity == "warning"
