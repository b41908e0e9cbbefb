import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK135"


@pytest.mark.parametrize(
    "text",
    [
        "REQUIRES 0.14.0\nDRAFT ./d.gguf\n",
        "REQUIRES 0.9\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "REQUIRES 0.23.1\nDRAFT ./d.gguf\n",
        "REQUIRES 0.14.0\n",
        "DRAFT ./d.gguf\n",
        "REQUIRES soon\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
