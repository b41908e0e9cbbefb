import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK248"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}<|end|>{{ end }}"""\n',
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n\n"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        'TEMPLATE "{{ .Prompt }}"\n',
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|><think>"""\n',
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}USER: {{ .Content }}\n'
            '{{ else }}ASSISTANT: {{ .Content }}\n{{ end }}{{ end }}ASSISTANT:"""\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_other_blanks_are_told_gently():
    text = 'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n\n"""\n'
    assert rule_catches(CODE, text).severity == "info"
