import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK134"


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\n# PROJECTOR ./p.gguf\n",
        "FROM ./model.gguf\n# PROJECTOR ./p.gguf\nSYSTEM x\nFROM ./p.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\n# PROJECTOR ./p.gguf\nFROM ./p.gguf\n",
        "# PROJECTOR is an instruction of the kit\nSYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
