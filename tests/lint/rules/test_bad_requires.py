import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK117"


@pytest.mark.parametrize(
    "text",
    [
        "REQUIRES latest\n",
        "REQUIRES >=0.14\n",
        "REQUIRES 0.14.0.1\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "REQUIRES 0.14.0\n",
        "REQUIRES v0.14\n",
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
