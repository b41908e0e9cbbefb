import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_fixes

CODE = "MK133"


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\nPROJECTOR ./p.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\n# PROJECTOR ./p.gguf\nFROM ./p.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_becomes_comment_and_from():
    text = 'FROM ./model.gguf\nPROJECTOR "./a b.gguf"\nSYSTEM x\n'
    rule_fixes(CODE, text, "FROM ./model.gguf\n# PROJECTOR ./a b.gguf\nFROM ./a b.gguf\nSYSTEM x\n")
