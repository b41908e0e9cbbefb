import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK255"


def test_catches():
    assert rule_catches(CODE, "RENDERER qwen3-coder\n").help == "write PARSER qwen3-coder"
    assert "deepseek3" in rule_catches(CODE, "RENDERER deepseek3.1\n").help


@pytest.mark.parametrize(
    "text",
    [
        "RENDERER qwen3-coder\nPARSER qwen3-coder\n",
        "FROM qwen3-coder\nRENDERER qwen3-coder\n",  # inherits the PARSER
        "PARSER qwen3-coder\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_an_architecture_that_create_gives_a_parser(tmp_path):
    write_model(tmp_path, general__architecture=Typed("string", "gemma4"))
    rule_catches_not(CODE, "RENDERER gemma4\n", base=tmp_path)
