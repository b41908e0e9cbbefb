import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK437"


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./mmproj-model.gguf\nFROM ./model.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\nFROM ./mmproj-model.gguf\n",
        "FROM ./mmproj-model.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_by_what_the_files_are(tmp_path):
    write_model(tmp_path, "a.gguf")
    write_projector(tmp_path, "b.gguf")
    rule_catches(CODE, "FROM ./b.gguf\nFROM ./a.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "FROM ./a.gguf\nFROM ./b.gguf\n", base=tmp_path)
