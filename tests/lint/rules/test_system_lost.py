import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK205"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\nSYSTEM x\n'
        ),
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        (
            'TEMPLATE """{{ .System }}{{ range .Messages }}'
            '{{ if eq .Role "user" }}<|user|>{{ .Content }}'
            '{{ else if eq .Role "assistant" }}<|assistant|>{{ .Content }}{{ end }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE "{{ .System }}{{ .Prompt }}"\n',
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_worse_where_something_is_lost():
    template = 'TEMPLATE "{{ .Prompt }}"\n'
    assert rule_catches(CODE, template).severity == "info"
    assert rule_catches(CODE, template + "SYSTEM x\n").severity == "warning"
    assert rule_catches(CODE, template + "MESSAGE system x\n").severity == "warning"


def test_what_the_chat_template_loses_too_is_a_note(tmp_path):
    text = 'TEMPLATE """{{ range .Messages }}{{ if ne .Role "system" }}{{ .Content }}{{ end }}{{ end }}"""\n'
    jinja = "{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}{% endfor %}"
    write_model(tmp_path, tokenizer__chat_template=Typed("string", jinja))
    assert rule_catches(CODE, text, base=tmp_path).severity == "info"
    jinja = "{% for m in messages %}{% if m.role == 'system' %}!{% endif %}{{ m.content }}{% endfor %}"
    write_model(tmp_path, tokenizer__chat_template=Typed("string", jinja))
    assert rule_catches(CODE, text, base=tmp_path).severity == "warning"
