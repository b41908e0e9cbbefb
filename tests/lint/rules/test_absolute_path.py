import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK130"


@pytest.mark.parametrize(
    "text",
    [
        "FROM /srv/model.gguf\n",
        "FROM ~/model.gguf\n",
        "FROM C:\\models\\model.gguf\n",
        "ADAPTER /srv/lora.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\n",
        "FROM llama3.2\n",
        "FROM ../model.gguf\n",
        "SYSTEM /no_think\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
