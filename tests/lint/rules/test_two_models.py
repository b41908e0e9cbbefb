from typing import Any

import pytest

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK432"


@pytest.mark.parametrize(
    "text",
    [
        "FROM llama3.2\nFROM ./mmproj.gguf\n",
        "FROM a\nFROM b\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\nFROM ./mmproj.gguf\n",
        "FROM llama3.2\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_two_files_that_are_models(tmp_path):
    write_model(tmp_path, "a.gguf")
    write_model(tmp_path, "b.gguf")
    write_projector(tmp_path)
    assert rule_catches(CODE, "FROM ./a.gguf\nFROM ./b.gguf\n", base=tmp_path).span.line == 2
    rule_catches_not(CODE, "FROM ./a.gguf\nFROM ./mmproj-model.gguf\n", base=tmp_path)


def test_the_parts_of_one_model_are_one(tmp_path):
    for n in (0, 1):
        split: dict[str, Any] = {"split__count": Typed("uint16", 2), "split__no": Typed("uint16", n)}
        write_model(tmp_path, f"m-0000{n + 1}-of-00002.gguf", **split)
    rule_catches_not(CODE, "FROM ./m-00001-of-00002.gguf\nFROM ./m-00002-of-00002.gguf\n", base=tmp_path)
