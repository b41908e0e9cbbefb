import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK204"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ if .Prompt }}{{ .Response }}{{ else }}x{{ end }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ if .Prompt }}{{ .Prompt }}{{ else }}x{{ end }}{{ .Response }}"\n',
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
