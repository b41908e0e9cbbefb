import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_fixes, write_model, write_projector

CODE = "MK114"


@pytest.mark.parametrize(
    "text",
    [
        "ADAPTER ./mmproj-model.gguf\n",
        "ADAPTER ./Model-mmproj-f16.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "ADAPTER ./lora.gguf\n",
        "FROM ./model.gguf\nFROM ./mmproj-model.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_becomes_a_second_from():
    wanted = "FROM ./model.gguf\n# PROJECTOR ./mmproj-a.gguf\nFROM ./mmproj-a.gguf\n"
    rule_fixes(CODE, "ADAPTER ./mmproj-a.gguf\n", wanted)


def test_what_the_file_is_counts_more_than_its_name(tmp_path):
    write_projector(tmp_path, "eyes.gguf")
    write_model(tmp_path, "mmproj-not-really.gguf")
    rule_catches(CODE, "ADAPTER ./eyes.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "ADAPTER ./mmproj-not-really.gguf\n", base=tmp_path)
