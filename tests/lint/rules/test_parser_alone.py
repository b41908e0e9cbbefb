import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK254"
# Of its own length and letters, so that create takes it for none of the templates it knows.
JINJA = "~" * 110 + "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


@pytest.mark.parametrize("more", ["", 'TEMPLATE ""\n', 'RENDERER ""\n'])
def test_catches(more):
    assert "recognises" in rule_catches(CODE, f"PARSER qwen3\n{more}").message


def test_where_the_file_is_here_it_is_certain(tmp_path):
    write_model(tmp_path, tokenizer__chat_template=Typed("string", JINJA))
    found = rule_catches(CODE, "PARSER qwen3\n", base=tmp_path)
    assert found.severity == "error"
    assert "unless" not in found.message


@pytest.mark.parametrize(
    "text",
    [
        "PARSER qwen3\nTEMPLATE {{ .Prompt }}\n",
        "PARSER qwen3\nRENDERER qwen3-coder\n",
        "FROM qwen3:8b\nPARSER qwen3\n",  # inherits a TEMPLATE
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_an_architecture_that_create_gives_a_renderer(tmp_path):
    write_model(tmp_path, general__architecture=Typed("string", "gemma4"))
    rule_catches_not(CODE, "PARSER gemma4\n", base=tmp_path)
