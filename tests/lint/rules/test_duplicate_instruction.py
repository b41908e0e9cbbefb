import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_does_not_fix, rule_fixes

CODE = "MK123"


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM a\nSYSTEM b\n",
        'TEMPLATE "{{ .Prompt }}"\nTEMPLATE "x{{ .Prompt }}"\n',
        "SYSTEM a\nPARAMETER system b\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM a\n",
        "LICENSE a\nLICENSE b\n",
        "MESSAGE user a\nMESSAGE assistant b\n",
        "FROM ./a.gguf\nFROM ./b.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_names_the_one_that_counts():
    found = rule_catches(CODE, "SYSTEM a\nSYSTEM b\n")
    assert (found.span.line, "line 3" in found.message) == (2, True)


def test_only_equal_ones_are_mended():
    rule_fixes(CODE, "SYSTEM a\nSYSTEM a\n", "SYSTEM a\n")
    rule_does_not_fix(CODE, "SYSTEM a\nSYSTEM b\n")
