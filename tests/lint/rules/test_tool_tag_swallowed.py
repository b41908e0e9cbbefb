import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK246"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ if .ToolCalls }}<|assistant|>\n'
            "<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}"
            '{{ else }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}{{ end }}<|assistant|>\n"""\n'
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
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|assistant|>\n'
            "{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}"
            '{{ else }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}{{ end }}<|assistant|>\n"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_says_what_the_tag_should_be():
    assert (
        "'<tool_call>'"
        in rule_catches(
            CODE,
            (
                'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ if .ToolCalls }}<|assistant|>\n'
                "<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}"
                '{{ else }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}{{ end }}<|assistant|>\n"""\n'
            ),
        ).help
    )
