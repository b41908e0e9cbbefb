import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK206"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE """{{ $last := "" }}{{ range .Messages }}{{ $last = .Content }}{{ end }}{{ $last }}"""\n',
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ end }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_losing_the_question_is_an_error():
    assert rule_catches(CODE, "TEMPLATE {{ range .Messages }}{{ .Role }}{{ end }}\n").severity == "error"
