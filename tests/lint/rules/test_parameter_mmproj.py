import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_does_not_fix, rule_fixes

CODE = "MK113"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER mmproj ./mmproj-model.gguf\n",
        "PARAMETER projector ./p.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER num_ctx 4\n",
        "FROM ./model.gguf\nFROM ./mmproj-model.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_becomes_a_second_from():
    text = "FROM ./model.gguf\nPARAMETER mmproj {0}\nSYSTEM x\n"
    wanted = "FROM ./model.gguf\n# PROJECTOR {0}\nFROM {0}\nSYSTEM x\n"
    rule_fixes(CODE, text.format("./mmproj-model.gguf"), wanted.format("./mmproj-model.gguf"))


def test_one_that_is_there_already_goes():
    text = "FROM ./model.gguf\nFROM ./p.gguf\nPARAMETER mmproj ./p.gguf\nSYSTEM x\n"
    rule_fixes(CODE, text, "FROM ./model.gguf\nFROM ./p.gguf\nSYSTEM x\n")


def test_beside_a_published_model_a_file_would_not_count():
    rule_does_not_fix(CODE, "FROM llama3.2\nPARAMETER mmproj ./p.gguf\n")
