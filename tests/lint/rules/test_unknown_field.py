import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK241"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}{{ .Text }}{{ end }}"""\n',
        'TEMPLATE """{{ range $i, $m := .Messages }}{{ $m.Text }}{{ end }}"""\n',
        'TEMPLATE """{{ range .Messages }}{{ .System }}{{ .Content }}{{ end }}"""\n',
        (
            'TEMPLATE """{{ range .Messages }}{{ range .ToolCalls }}{{ .Name }}'
            '{{ end }}{{ .Content }}{{ end }}"""\n'
        ),
        (
            'TEMPLATE """{{ range .Tools }}{{ .Name }}{{ end }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ define "turn" }}{{ .Text }}{{ end }}'
            '{{ range .Messages }}{{ template "turn" . }}{{ end }}"""\n'
        ),
        # told by the template that calls the one that calls it
        (
            'TEMPLATE """{{ define "b" }}{{ .Name }}{{ end }}'
            '{{ define "a" }}{{ range . }}{{ template "b" . }}{{ end }}{{ end }}'
            '{{ range .Messages }}{{ .Content }}{{ template "a" .ToolCalls }}{{ end }}"""\n'
        ),
        # one that calls itself with the same kind of thing
        (
            'TEMPLATE """{{ define "turn" }}{{ if .Text }}{{ template "turn" . }}{{ end }}{{ end }}'
            '{{ range .Messages }}{{ template "turn" . }}{{ end }}"""\n'
        ),
        (
            'TEMPLATE """{{ with index .Messages 0 }}{{ .Contents }}{{ end }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        ),
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ range .Messages }}{{ with .ToolCalls }}'
            '{{ range . }}{{ .Function.Name }}{{ end }}{{ end }}{{ .Content }}{{ end }}"""\n'
        ),
        (
            'TEMPLATE """{{ range .Tools }}'
            "{{ range $n, $p := .Function.Parameters.Properties }}{{ $n }}{{ $p.Type }}{{ $p.Description }}"
            "{{ end }}{{ end }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
            '{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ define "turn" }}<|{{ .Role }}|>{{ .Content }}{{ end }}'
            '{{ range .Messages }}{{ template "turn" . }}{{ end }}"""\n'
        ),
        # called with things of different kinds
        (
            'TEMPLATE """{{ define "both" }}{{ .Function.Name }}{{ end }}'
            '{{ range .Tools }}{{ template "both" . }}{{ end }}{{ range .Messages }}{{ .Content }}'
            '{{ range .ToolCalls }}{{ template "both" . }}{{ end }}{{ end }}"""\n'
        ),
        # called with what cannot be told, and by nobody
        (
            'TEMPLATE """{{ define "x" }}{{ .Odd }}{{ end }}{{ define "y" }}{{ .Odd }}{{ end }}'
            "{{ range .Messages }}{{ .Content }}{{ if false }}"
            '{{ template "x" (slice .Content 0 1 | printf) }}{{ end }}{{ end }}"""\n'
        ),
        (
            'TEMPLATE """{{ $x := "" }}{{ range .Messages }}{{ $x = . }}{{ end }}{{ $x.Role }}'
            '{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_target_decides():
    text = 'TEMPLATE """{{ range .Messages }}{{ .ToolName }}{{ .Content }}{{ end }}"""\n'
    rule_catches(CODE, text, target="0.9.5")
    rule_catches_not(CODE, text, target="0.9.6")


def test_says_where_the_outermost_names_are():
    assert "$.System" in rule_catches(CODE, "TEMPLATE {{ range .Messages }}{{ .System }}{{ end }}\n").help
