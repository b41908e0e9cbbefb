import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK110"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER temprature 0.5\n",
        "PARAMETER Temperature 0.5\n",
        "PARAMETER max_tokens 9\n",
        "PARAMETER mirostat_ 1\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER temperature 0.5\n",
        "PARAMETER stop x\n",
        "PARAMETER mirostat 1\n",
        "PARAMETER  top_p 1\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_says_what_it_is_called_here():
    assert rule_catches(CODE, "PARAMETER max_tokens 9\n").help == "in Ollama its name is num_predict"
    assert "temperature" in rule_catches(CODE, "PARAMETER temprature 1\n").help


def test_the_target_decides():
    rule_catches(CODE, "PARAMETER draft_num_predict 4\n", target="0.24")
    rule_catches_not(CODE, "PARAMETER draft_num_predict 4\n", target="0.30")


@pytest.mark.parametrize("name", ["think", "format", "keep_alive", "stream", "enable_thinking"])
def test_what_belongs_to_the_request(name):
    assert "belongs to the request" in rule_catches(CODE, f"PARAMETER {name} false\n").help
