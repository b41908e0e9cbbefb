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


def test_what_the_chat_template_loses_too_is_a_note(tmp_path):
    said = '{{ if ne .Role "tool" }}{{ .Content }}{{ end }}'
    text = 'TEMPLATE """{{ .Tools }}{{ range .Messages }}' + said + '{{ end }}"""\n'
    jinja = (
        "{{ tools }}{% for m in messages %}{% if m.role != 'tool' %}{{ m.content }}{% endif %}{% endfor %}"
    )
    write_model(tmp_path, tokenizer__chat_template=Typed("string", jinja))
    found = rule_catches(CODE, text, base=tmp_path)
    assert found.severity == "info"
    assert "as the model's own chat template does" in found.message
    # With the results of tools in the chat template the TEMPLATE is at fault.
    jinja = "{{ tools }}{% for m in messages %}{{ m.content }}{% endfor %}"
    write_model(tmp_path, tokenizer__chat_template=Typed("string", jinja))
    assert rule_catches(CODE, text, base=tmp_path).severity == "warning"


def test_a_chat_template_that_only_mentions_tools_knows_none(tmp_path):
    text = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
    jinja = "{# tools #}{% for m in messages %}{{ m.content }}{% endfor %}"
    write_model(tmp_path, tokenizer__chat_template=Typed("string", jinja))
    rule_catches_not(CODE, text, base=tmp_path, target="0.24")
