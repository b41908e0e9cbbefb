import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK326"


@pytest.mark.parametrize(
    "text",
    [
        'PARAMETER stop User:\nPARAMETER stop "### User:"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER stop User:\nPARAMETER stop Bot:\n",
        "PARAMETER stop a\nPARAMETER stop a\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
