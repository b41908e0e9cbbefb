from __future__ import annotations

from modelfile_kit.lsp.modelfile_words import (
    INSTRUCTION_WORDS,
    PARAMETER_WORDS,
    about_instruction,
    about_parameter,
)
from modelfile_kit.ollama.grammar import INSTRUCTIONS, PROJECTOR, parse_modelfile
from modelfile_kit.ollama.parameters import PARAMETERS


def test_every_instruction_and_parameter_has_its_words() -> None:
    assert set(INSTRUCTION_WORDS) == {*INSTRUCTIONS, PROJECTOR}
    assert set(PARAMETER_WORDS) == set(PARAMETERS)
    assert about_instruction("none") == about_parameter("none") == ""


def test_what_is_shown_as_written_is_such_an_instruction() -> None:
    for name, (text, _) in INSTRUCTION_WORDS.items():
        text = text.replace("role text", "user text")
        assert parse_modelfile(f"FROM a\n{text}\n").instructions[1].name == name
