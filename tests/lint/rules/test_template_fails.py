import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK203"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}{{ .Content | slice 0 5 }}{{ end }}"""\n',
        'TEMPLATE """{{ range .Messages }}{{ index .Images 5 }}{{ .Content }}{{ end }}"""\n',
        'TEMPLATE """{{ range $i, $m := .Messages }}{{ (index $.Messages 2).Content }}{{ end }}"""\n',
        'TEMPLATE """{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}{{ .Prompt }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE "{{ .Prompt }}"\n',
        'TEMPLATE """{{ range .Messages }}{{ .Text }}{{ end }}"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_a_refusal_on_purpose_is_told_gently():
    refusal = '{{ if .System }}{{ template "no system role" . }}{{ end }}'
    text = f'TEMPLATE """{refusal}{{{{ range .Messages }}}}{{{{ .Content }}}}{{{{ end }}}}"""\n'
    found = rule_catches(CODE, text)
    assert (found.severity, "refuses a system message: no system role" in found.message) == ("info", True)
