import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK207"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .System }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}{{ .Content }}{{ .Content }}{{ end }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        'TEMPLATE "{{ .System }}{{ .Prompt }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
