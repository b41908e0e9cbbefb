import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK240"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ if .First }}x{{ end }}{{ .Prompt }}"\n',
        'TEMPLATE """{{ range .Messages }}{{ $.Sytem }}{{ .Content }}{{ end }}"""\n',
        'TEMPLATE """{{ .Prompt }}{{ range .Messages }}{{ .Content }}{{ end }}"""\n',
        'TEMPLATE """{{ range .Messages }}{{ .Content }}{{ end }}{{ .Suffix }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ .System }}{{ .Prompt }}{{ .Response }}"\n',
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ if .Suffix }}{{ .Prompt }}{{ .Suffix }}{{ else }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>{{ end }}"""\n'
        ),
        (
            'TEMPLATE """{{ define "x" }}{{ .Anything }}{{ end }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_says_where():
    found = rule_catches(CODE, 'TEMPLATE """{{ .Prompt }}\n  {{ .Nope }}"""\n')
    assert (found.span.line, found.span.column) == (3, 6)
    assert ".Nope" in found.message


def test_the_target_decides():
    text = "TEMPLATE {{ if .Think }}x{{ end }}{{ .Prompt }}\n"
    rule_catches(CODE, text, target="0.6.5")
    rule_catches_not(CODE, text, target="0.9.0")
