import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK244"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Tools }}{{ .Function }}{{ end }}'
            "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ .Content }}{{ .ToolCalls }}{{ end }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Tools }}{{ json .Function }}{{ end }}'
            "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ range .Tools }}{{ . }}{{ end }}'
            "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_a_tool_itself_printed_so_up_to_0_24():
    template = (
        'TEMPLATE """{{ range .Tools }}{{ . }}{{ end }}'
        "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
        '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
    )
    rule_catches(CODE, template, target="0.24")
    rule_catches_not(CODE, template, target="0.12.6")
