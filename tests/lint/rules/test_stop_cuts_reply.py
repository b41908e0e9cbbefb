import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK327"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            "{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}"
            '{{ end }}{{ end }}<|assistant|>"""\nPARAMETER stop <tool_call>\n'
        ),
        (
            'TEMPLATE """{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>'
            '{{ end }}{{ .Content }}{{ end }}"""\nPARAMETER stop </think>\n'
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
            "{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}"
            '{{ end }}{{ end }}<|assistant|>"""\nPARAMETER stop <|user|>\n'
        ),
        (
            'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ end }}<|assistant|>"""\nPARAMETER stop <tool_call>\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
