import pytest

from modelfile_kit.lint.probes import PROBE_STEPS
from modelfile_kit.ollama.prompt import PromptTemplate
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


def doubling(levels, inner):
    """Templates of which each calls the next one twice."""
    parts = [f'{{{{ template "x{n + 1}" . }}}}' * 2 for n in range(levels)] + [inner]
    defined = "".join(f'{{{{ define "x{n}" }}}}{part}{{{{ end }}}}' for n, part in enumerate(parts))
    last = '{{ range .Messages }}{{ .Content }}{{ end }}{{ template "x0" . }}'
    return f'TEMPLATE """{defined}{last}"""\n'


@pytest.mark.parametrize("inner", ["x", "{{ if false }}x{{ end }}"])
def test_a_limit_is_no_judgement(inner, monkeypatch):
    asked = []
    render = PromptTemplate.render

    def noted(self, **how):
        asked.append(self)
        return render(self, **how)

    monkeypatch.setattr(PromptTemplate, "render", noted)
    found = rule_catches(CODE, doubling(30, inner))
    assert str(found.severity) == "warning"
    assert "lint stopped the TEMPLATE on a question" in found.message
    assert f"more than {PROBE_STEPS:,} steps" in found.message
    steps = {id(prompt): prompt.steps for prompt in asked}
    assert 0 < sum(steps.values()) < 1.1 * PROBE_STEPS


def test_a_template_far_above_real_ones_is_judged():
    rule_catches_not(CODE, doubling(13, "x"))
