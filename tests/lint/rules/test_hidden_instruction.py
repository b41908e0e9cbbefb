import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_fixes

CODE = "MK115"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER system You are brief.\n",
        "PARAMETER model ./other.gguf\n",
        'PARAMETER template "{{ .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM You are brief.\n",
        "PARAMETER seed 1\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_becomes_the_instruction_that_it_is():
    rule_fixes(CODE, "PARAMETER system You are brief.\n", "SYSTEM You are brief.\n")
