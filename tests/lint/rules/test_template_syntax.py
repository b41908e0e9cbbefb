import pytest

from modelfile_kit.core import codes
from modelfile_kit.ollama.functions import YOUNG
from modelfile_kit.ollama.versions import since
from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK202"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ if .System }}{{ .Prompt }}"\n',
        'TEMPLATE "{{ nope .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ .Prompt }}"\n',
        'SYSTEM "{{ if"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_line_is_that_of_the_modelfile():
    assert rule_catches(CODE, 'SYSTEM x\nTEMPLATE """a\nb\n{{ nope }}"""\n').span.line == 5


def test_young_functions_and_the_target():
    text = "TEMPLATE {{ currentDate }}{{ .Prompt }}\n"
    assert "0.11.1" in rule_catches(CODE, text, target=">=0.9").help
    rule_catches_not(CODE, text, target="0.11.1")


def test_names_without_their_dot():
    found = rule_catches(CODE, 'TEMPLATE """{{- system }}\n\nQ: {{- prompt }}\n\nA: """\n')
    assert found.help == "names begin with a dot: system is .System, prompt is .Prompt"
    assert (found.span.line, found.span.column) == (2, 17)


@pytest.mark.parametrize("function", YOUNG)
def test_the_page_and_the_hint_say_when_a_function_came(function):
    code = codes.find(CODE)
    assert code is not None and f"`{function}`" in code.page and since(YOUNG[function]) in code.page
    text = f"TEMPLATE {{{{ {function} }}}}{{{{ .Prompt }}}}\n"
    assert since(YOUNG[function]) in rule_catches(CODE, text, target=">=0.9").help
