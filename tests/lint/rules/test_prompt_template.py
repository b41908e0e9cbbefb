import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK242"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        "SYSTEM x\n",
        'TEMPLATE "{{ (index .Messages 0).Content }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_worse_where_the_model_has_a_chat_template(tmp_path):
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "{{ messages }}"))
    assert rule_catches(CODE, "TEMPLATE {{ .Prompt }}\n", base=tmp_path).severity == "warning"
    assert rule_catches(CODE, "TEMPLATE {{ .Prompt }}\n").severity == "info"
