import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK245"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ .Content }}{{ range .ToolCalls }}'
            "{{ range $k, $v := .Function.Arguments }}{{ $k }}={{ $v }}{{ end }}{{ end }}"
            '{{ end }}"""\n'
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
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ .Content }}'
            '{{ range .ToolCalls }}{{ .Function.Arguments }}{{ end }}{{ end }}"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_printed_as_a_map_before_0_14():
    text = (
        'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ .Content }}'
        '{{ range .ToolCalls }}{{ printf "%v" .Function.Arguments }}{{ end }}{{ end }}"""\n'
    )
    rule_catches_not(CODE, text, target="0.14")
