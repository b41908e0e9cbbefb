import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_fixes

CODE = "MK112"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER mirostat 2\n",
        "PARAMETER low_vram true\n",
        "PARAMETER penalize_newline false\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER temperature 1\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_target_decides():
    rule_catches_not(CODE, "PARAMETER mirostat 2\n", target="0.6.5")
    rule_catches(CODE, "PARAMETER mirostat 2\n", target="0.7.0")


def test_is_taken_out_with_its_line():
    rule_fixes(CODE, "SYSTEM a\r\nPARAMETER mirostat 2\r\nSYSTEM b\r\n", "SYSTEM a\r\nSYSTEM b\r\n")
    rule_fixes(CODE, "SYSTEM a\nPARAMETER mirostat 2", "SYSTEM a\n")
