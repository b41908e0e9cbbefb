import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK209"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range $m := .Messages }}'
            "{{ if $m.Thinking }}<think>{{ $m.Thinking }}</think>{{ end }}{{ .Content }}"
            '{{ end }}"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}{{ .Thinking }}{{ .Content }}{{ end }}"""\n',
        (
            'TEMPLATE """{{ range $.Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>'
            '{{ end }}{{ .Content }}{{ end }}"""\n'
        ),
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>'
            '{{ end }}{{ .Content }}{{ end }}"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_thinking_of_the_chat_template(tmp_path):
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "<think></think>"))
    template = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
    rule_catches(CODE, template, base=tmp_path, target="0.24")
    rule_catches_not(CODE, template, base=tmp_path, target="0.5.13")
