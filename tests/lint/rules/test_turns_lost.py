import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

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


def test_what_the_chat_template_leaves_out_too_is_a_note(tmp_path):
    # It wants contents as lists of parts, which Ollama does not send.
    inner = "{% for p in m.content if p.type == 'text' %}{{ p.text }}{% endfor %}"
    parts = "{% for m in messages %}" + inner + "{% endfor %}"
    write_model(tmp_path, tokenizer__chat_template=Typed("string", parts))
    text = "TEMPLATE {{ range .Messages }}{{ .Role }}{{ end }}\n"
    found = rule_catches(CODE, text, base=tmp_path)
    assert found.severity == "info"
    assert "as the model's own chat template does" in found.message
    whole = Typed("string", "{% for m in messages %}{{ m.content }}{% endfor %}")
    write_model(tmp_path, tokenizer__chat_template=whole)
    assert rule_catches(CODE, text, base=tmp_path).severity == "error"
