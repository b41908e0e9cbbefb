import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK208"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}'
            '{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ end }}<|assistant|>"""\n'
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
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_tools_of_the_chat_template(tmp_path):
    jinja = Typed("string", "{% if tools %}{{ tools }}{% endif %}")
    write_model(tmp_path, tokenizer__chat_template=jinja)
    template = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
    rule_catches(CODE, template, base=tmp_path, target="0.24")
    # From 0.30 on the Jinja wins, and the TEMPLATE is not what counts.
    rule_catches_not(CODE, template, base=tmp_path)
    rule_catches("MK201", template, base=tmp_path)
