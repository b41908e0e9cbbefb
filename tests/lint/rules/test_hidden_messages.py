import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK243"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ (index .Messages 0).Content }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ (index .Messages 0).Content }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
