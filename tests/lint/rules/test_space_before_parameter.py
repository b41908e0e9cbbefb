import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_fixes

CODE = "MK119"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER  temperature 0.5\n",
        "PARAMETER \ttemperature 0.5\n",
        "PARAMETER   stop\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER temperature  0.5\n",
        "PARAMETER\ttemperature 0.5\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_blanks_go():
    rule_fixes(CODE, "PARAMETER \t  temperature 0.5\n", "PARAMETER temperature 0.5\n")
