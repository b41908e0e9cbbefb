import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK132"


@pytest.mark.parametrize(
    "text",
    [
        "MESSAGE user a\nMESSAGE user b\nMESSAGE assistant c\n",
        "MESSAGE user a\n",
        "SYSTEM a\nMESSAGE system b\nMESSAGE user c\nMESSAGE assistant d\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "MESSAGE user a\nMESSAGE assistant b\n",
        "MESSAGE system a\nMESSAGE user b\nMESSAGE assistant c\n",
        "SYSTEM a\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
