import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK116"


@pytest.mark.parametrize(
    "text",
    [
        "DRAFT ./d.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text, target=">=0.20")


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text, target=">=0.20")


def test_the_target_decides():
    rule_catches(CODE, "RENDERER qwen3-coder\n", target="0.11.10")
    rule_catches_not(CODE, "RENDERER qwen3-coder\n", target="0.12.0")
    rule_catches(CODE, "REQUIRES 0.14.0\n", target="0.13")
    rule_catches_not(CODE, "REQUIRES 0.14.0\n", target=">=0.14")
