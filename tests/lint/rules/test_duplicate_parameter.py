import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_does_not_fix, rule_fixes

CODE = "MK124"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER seed 1\nPARAMETER seed 2\n",
        "PARAMETER stop a\nPARAMETER stop a\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER stop a\nPARAMETER stop b\n",
        "PARAMETER seed 1\nPARAMETER top_k 1\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_only_equal_ones_are_mended():
    rule_fixes(
        CODE, "PARAMETER stop a\nPARAMETER stop b\nPARAMETER stop a\n", "PARAMETER stop b\nPARAMETER stop a\n"
    )
    rule_does_not_fix(CODE, "PARAMETER seed 1\nPARAMETER seed 2\n")
