import pytest

from modelfile_kit.lint.runner import fix_modelfile
from modelfile_kit.micro import build_pair
from tests.lint.helpers import (
    rule_catches,
    rule_catches_not,
    rule_does_not_fix,
    rule_fixes,
    write_model,
)

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


@pytest.mark.parametrize(
    "value",
    [
        "auto",
        "none",
        "true",
        "llama3.2",
        "hf.co/x/y:mmproj",
        "https://x.example/mmproj.gguf",
        ".",
        "./folder/",
        "./readme.txt",
        "*.gguf",
        "/dev/null",
        "./p.gguf -ngl 99",
        '"./a # b.gguf"',  # another fix would take the rest for a comment
        '"""./p.gguf\nSYSTEM evil.gguf"""',  # would become an instruction of its own
    ],
)
@pytest.mark.parametrize("head", ["PARAMETER mmproj", "PROJECTOR"])
def test_only_the_path_of_a_projector_becomes_a_from(head, value):
    text = f"FROM ./model.gguf\n{head} {value}\nSYSTEM x\n"
    assert fix_modelfile(text).text == text


def test_a_file_that_is_here_has_to_be_a_projector(tmp_path):
    pair = build_pair(tmp_path)
    pair.projector.rename(tmp_path / "eye")  # its name does not say so
    write_model(tmp_path, "other.gguf")
    (tmp_path / "text.gguf").write_text("no GGUF")
    text = f"FROM ./{pair.model.name}\nPARAMETER mmproj ./{{}}\n"
    for name in ("other.gguf", "text.gguf"):
        rule_does_not_fix(CODE, text.format(name), base=tmp_path)
    fixed = fix_modelfile(text.format("eye"), base=tmp_path)
    assert fixed.text == f"FROM ./{pair.model.name}\n# PROJECTOR ./eye\nFROM ./eye\n"
