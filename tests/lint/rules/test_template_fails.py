import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK203"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}{{ .Content | slice 0 5 }}{{ end }}"""\n',
        'TEMPLATE """{{ range .Messages }}{{ index .Images 5 }}{{ .Content }}{{ end }}"""\n',
        'TEMPLATE """{{ range $i, $m := .Messages }}{{ (index $.Messages 2).Content }}{{ end }}"""\n',
        'TEMPLATE """{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}{{ .Prompt }}"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        (
            'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE "{{ .Prompt }}"\n',
        'TEMPLATE """{{ range .Messages }}{{ .Text }}{{ end }}"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_a_refusal_on_purpose_is_told_gently():
    refusal = '{{ if .System }}{{ template "no system role" . }}{{ end }}'
    text = f'TEMPLATE """{refusal}{{{{ range .Messages }}}}{{{{ .Content }}}}{{{{ end }}}}"""\n'
    found = rule_catches(CODE, text)
    assert (found.severity, "refuses a system message: no system role" in found.message) == ("info", True)


def test_a_refusal_that_the_chat_template_has_too_is_a_note(tmp_path):
    text = "TEMPLATE {{ template `no` }}{{ range .Messages }}{{ .Content }}{{ end }}\n".replace(
        "`no`", '"no" .'
    )
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "{{ raise_exception('no') }}"))
    found = rule_catches(CODE, text, base=tmp_path)
    assert found.severity == "info"
    assert "own chat template" in found.message
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "{{ messages[0].content }}"))
    assert rule_catches(CODE, text, base=tmp_path).severity == "warning"


def test_what_models_ask_of_a_conversation_is_kept():
    """Ids of nine characters, results only behind calls, turns that alternate."""
    text = (
        'TEMPLATE """{{ .Tools }}{{ range .Messages }}{{ range .ToolCalls }}{{ if ne (len .ID) 9 }}'
        '{{ template "id" . }}{{ end }}{{ .Function.Name }}{{ end }}'
        '{{ if and (eq .Role "tool") (not $.Tools) }}{{ template "result" . }}'
        '{{ end }}<think>{{ .Thinking }}</think>{{ .Content }}{{ end }}"""\n'
    )
    rule_catches_not(CODE, text)
