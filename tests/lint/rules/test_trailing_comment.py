import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_does_not_fix, rule_fixes

CODE = "MK120"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER num_ctx 4096 # enough\n",
        "FROM ./model.gguf # the model\n",
        "FROM ./model.gguf\nADAPTER ./a.gguf\t#\n",
        "PARAMETER stop User: # ends there\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM Use # for headings\n",
        'PARAMETER stop "### User"\n',
        "PARAMETER stop #\n",
        "# PARAMETER num_ctx 1 # no\nPARAMETER num_ctx 4096\n",
        "FROM ./a#b.gguf\n",
        'PARAMETER stop "a # b"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_comment_goes():
    rule_fixes(CODE, "PARAMETER num_ctx 4096 # enough\n", "PARAMETER num_ctx 4096\n")


def test_a_stop_may_be_meant_so():
    rule_does_not_fix(CODE, "PARAMETER stop User: # ends there\n")


def test_values_of_many_spaces_cost_little():
    # An hour, where each space reads all that follow it.
    rule_catches_not(CODE, f"FROM ./a{' ' * 1_000_000}b.gguf\n")
    rule_catches(CODE, f"PARAMETER num_ctx 4096{' ' * 1_000_000}# enough\n")
