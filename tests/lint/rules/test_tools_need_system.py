import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK253"
REST = (
    '{{ range .Messages }}{{ if ne .Role "system" }}<|{{ .Role }}|>{{ .Content }}{{ json .ToolCalls }}'
    '{{ end }}{{ end }}<|assistant|>"""\n'
)
INSIDE = "{{ if .System }}<|system|>{{ .System }}{{ range .Tools }}{{ json . }}{{ end }}{{ end }}"
BY_ROLE = (
    '{{ range .Messages }}{{ if eq .Role "system" }}{{ .Content }}{{ json $.Tools }}{{ else }}<|{{ .Role }}|>'
    '{{ .Content }}{{ json .ToolCalls }}{{ end }}{{ end }}<|assistant|>"""\n'
)


@pytest.mark.parametrize("text", [f'TEMPLATE """{INSIDE}{REST}', f'TEMPLATE """{BY_ROLE}'])
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        f'TEMPLATE """{INSIDE.replace("if .System", "if or .System .Tools")}{REST}',
        f'TEMPLATE """{{{{ json .Tools }}}}{REST}',
        f'TEMPLATE """{{{{ .System }}}}{REST}',
        f'SYSTEM You have tools.\nTEMPLATE """{INSIDE}{REST}',  # Ollama puts it in front of every request
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_place_is_that_of_the_tools():
    found = rule_catches(CODE, f'FROM ./m.gguf\nTEMPLATE """{{{{- "" }}}}\n{INSIDE}{REST}')
    assert (found.span.line, found.span.column) == (3, INSIDE.index(".Tools") + 1)
