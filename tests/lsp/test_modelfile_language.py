from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.languages import MODELFILE
from modelfile_kit.ollama.grammar import INSTRUCTIONS
from tests.lsp.typed import choices, labels, said, typed, written


@pytest.fixture
def folder(pair, tmp_path) -> Path:
    """The micro pair, a folder, and what no FROM takes."""
    (tmp_path / "more").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.gguf").write_bytes(b"")
    for file in (pair.model, pair.projector):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_instructions_at_the_beginning_of_a_line() -> None:
    expected = [*map(str.upper, INSTRUCTIONS), "PROJECTOR"]
    for text in ("|", "FROM a\n|", "FROM a\nPAR|", "FROM a\n  pa|\nSYSTEM b"):
        assert labels(MODELFILE, text) == expected, text
    assert written(MODELFILE, "FROM a\npar|\nSYSTEM b", "PARAMETER") == "FROM a\nPARAMETER \nSYSTEM b"
    assert labels(MODELFILE, 'SYSTEM """\nPAR|\n"""') == []
    assert labels(MODELFILE, "# PAR|") == []


def test_parameters_and_their_values() -> None:
    assert written(MODELFILE, "PARAMETER num_|", "num_ctx") == "PARAMETER num_ctx "
    assert written(MODELFILE, "PARAMETER | 5", "top_k") == "PARAMETER top_k  5"
    assert "mirostat" not in labels(MODELFILE, "PARAMETER |")  # every release of today ignores it
    assert written(MODELFILE, "PARAMETER num_ctx |", "8192") == "PARAMETER num_ctx 8192"
    assert written(MODELFILE, "PARAMETER temperature 0|.4", "0.8") == "PARAMETER temperature 0.8"
    assert labels(MODELFILE, "PARAMETER use_mmap |") == ["true", "false"]
    assert labels(MODELFILE, "PARAMETER stop |") == []


def test_roles_parsers_renderers_and_releases() -> None:
    assert labels(MODELFILE, "MESSAGE |") == ["system", "user", "assistant"]
    assert written(MODELFILE, "MESSAGE us| Hi", "user") == "MESSAGE user  Hi"
    assert "harmony" in labels(MODELFILE, "PARSER |") and "gemma4" in labels(MODELFILE, "RENDERER g|")
    assert "0.12.6" in labels(MODELFILE, "REQUIRES |")


def test_files_of_a_from(folder: Path, pair) -> None:
    path = folder / "Modelfile"
    models = sorted([f"./{pair.model.name}", f"./{pair.projector.name}"])
    assert labels(MODELFILE, "FROM |", path) == [*models, "./more/"]
    assert written(MODELFILE, "FROM ./mic|\nADAPTER x", models[0], path).startswith(f"FROM {models[0]}\n")
    assert labels(MODELFILE, "# PROJECTOR ./|", path) == [*models, "./more/"]
    assert labels(MODELFILE, "FROM ./none/|", path) == []
    assert labels(MODELFILE, "FROM |") == []  # a file that was never saved has no folder


def test_fields_of_a_template() -> None:
    text = 'FROM a\nTEMPLATE """{{ range .Messages }}{{ .|'
    assert labels(MODELFILE, text)[:2] == ["Role", "Content"]
    assert labels(MODELFILE, 'TEMPLATE """{{ .Prompt }} x|') == []


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("FR|OM ./m.gguf", "FROM", ["projector"]),
        ("FROM a\nRENDERER| x", "RENDERER", ["Since Ollama 0.12.0"]),
        ("ADAPTER| x", "ADAPTER", ["0.34.1 and later refuse it"]),
        ("PARAMETER num_pre|dict 5", "num_predict", ["a whole number", "from -2", "Default: -1"]),
        ("PARAMETER top_p 0.|5", "0.5", ["a number, from 0 to 1", "Default: 0.9"]),
        ("PARAMETER draft_num_predict| 5", "draft_num_predict", ["Since Ollama 0.30.0"]),
        ("PARAMETER mirostat| 5", "mirostat", ["Ollama 0.7.0 and later warns"]),
        ("PARAMETER typical_p| 5", "typical_p", ["0.34.1 and later refuse it"]),
        ("PARSER qwen3|-coder", "qwen3-coder", ["since Ollama 0.12.0", "tool calls"]),
        ("RENDERER gem|ma4", "gemma4", ["since Ollama 0.20.0"]),
        ("# mkmodelfile: ignore=MK3|25\nFROM a", "MK325", ["MK325"]),
        ('TEMPLATE """{{ range .Messages }}{{ .Rol|e }}{{ end }}"""', ".Role", ["a message", "user"]),
        ("FROM ./m|.gguf", "", []),
        ("FROM a\n\n|\n", "", []),
        ("NOTHING| x", "", []),
    ],
)
def test_hover(text: str, place: str, words: list[str]) -> None:
    found = said(MODELFILE, text)
    assert found[0] == place
    assert [word for word in words if word not in found[1]] == []


def test_problems_are_those_of_lint_with_their_places(folder: Path) -> None:
    text = "FROM ./none.gguf\r\nSYSTEM 你好😀\r\nPARAMETER temperatur 1\r\n"
    file = OpenFile(text, folder / "Modelfile")
    found = {p.code: text[slice(*p.place)] for p in MODELFILE.problems(file)}
    assert found["MK110"] == "PARAMETER temperatur 1"
    assert found["MK430"] == "FROM ./none.gguf"
    unsaved = {p.code for p in MODELFILE.problems(OpenFile(text))}
    assert "MK110" in unsaved and "MK430" not in unsaved


def test_a_fix_is_an_edit() -> None:
    text = 'FROM ./m.gguf\nTEMPLATE """{{ .Prompt }}\\n"""\n'
    file = OpenFile(text)
    line = text.index("TEMPLATE")
    assert MODELFILE.fixes(file, (0, 3)) == []
    [fix] = MODELFILE.fixes(file, (line, line))
    [edit] = fix.fix
    fixed = text[: edit.place[0]] + edit.text + text[edit.place[1] :]
    assert fixed == 'FROM ./m.gguf\nTEMPLATE """{{ .Prompt }}\n"""\n' == MODELFILE.fixed(file)
    assert MODELFILE.fixed(OpenFile("FROM ./m.gguf\n")) is None
    assert MODELFILE.fixes(OpenFile("FROM\n"), (0, 3)) == [] and MODELFILE.fixed(OpenFile("FROM\n")) is None
    assert MODELFILE.fixes(OpenFile("\ufeff" + text), (line, line)) == []  # indices would not be the editor's


def test_formatting_is_that_of_fmt() -> None:
    assert MODELFILE.formatted(OpenFile("from a\nsystem   b\n\n\n\n")) == "FROM a\nSYSTEM b\n"
    assert MODELFILE.formatted(OpenFile("from\n")) is None


def test_the_outline() -> None:
    text = 'FROM a\nPARAM\nPARAMETER stop x\nTEMPLATE """{{ define "t" }}{{ if . }}x{{ end }}{{ end }}"""\n'
    [model, stop, template] = MODELFILE.symbols(OpenFile(text))
    assert [(s.name, s.detail) for s in (model, stop)] == [("FROM", "a"), ("PARAMETER stop", "x")]
    [defined] = template.inside
    assert (defined.name, defined.kind, [i.name for i in defined.inside]) == ("t", "template", ["if ."])
    assert text[slice(*defined.place)] == '{{ define "t" }}{{ if . }}x{{ end }}{{ end }}'


def test_links_lead_to_files_that_are_there(folder: Path, pair) -> None:
    (folder / "LICENSE").write_text("MIT")
    name = pair.projector.name
    text = f"FROM ./{pair.model.name}\n# PROJECTOR ./{name}\nFROM ./{name}\nADAPTER ./none\nLICENSE LICENSE\n"
    found = MODELFILE.links(OpenFile(text + "FROM ./more\nFROM https://x/y\n", folder / "Modelfile"))
    assert [(text[slice(*link.place)], link.target.name) for link in found] == [
        (f"./{pair.model.name}", pair.model.name),
        (f"./{name}", name),
        (f"./{name}", name),
        ("LICENSE", "LICENSE"),
    ]
    assert MODELFILE.links(OpenFile(text)) == []


def test_the_definition_of_a_template_that_is_called() -> None:
    file, at = typed('TEMPLATE """{{ define "t" }}x{{ end }}{{ template "t|" . }}"""')
    place = MODELFILE.definition(file, at)
    assert place is not None and file.text[slice(*place)] == '"t"'
    file, at = typed("FROM a|")
    assert MODELFILE.definition(file, at) is None


def test_a_choice_replaces_only_what_is_written() -> None:
    [first, *_] = choices(MODELFILE, "PARAMETER temp|erature 1")
    assert first.place == (10, 21)
