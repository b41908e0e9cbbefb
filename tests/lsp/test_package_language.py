from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.languages import PACKAGE
from modelfile_kit.lsp.package_language import _FILES
from modelfile_kit.ollama.builtin import PARSERS, RENDERERS
from modelfile_kit.package.create_keys import QUANTIZATIONS
from modelfile_kit.package.families import family_names
from modelfile_kit.package.schema import WRONG_VALUE, PackageShape
from tests.lsp.typed import labels, said, written

KEYS = list(PackageShape.model_fields)


def test_keys_of_the_schema_that_are_not_there_yet() -> None:
    assert labels(PACKAGE, "|") == KEYS
    assert labels(PACKAGE, "name: x\nte|\nmodel: y") == [k for k in KEYS if k not in ("name", "model")]
    assert written(PACKAGE, "name: x\nte|\nmodel: y", "template") == "name: x\ntemplate: \nmodel: y"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("messages:\n  - |", ["role", "content"]),
        ("messages:\n- role: user\n  |", ["content"]),
        ("messages:\n- role: user\n  content: a\n- ro|", ["role", "content"]),
        ("image:\n  |", ["separator"]),
        ("image: {|}", ["separator"]),
        ("variants:\n  q8_0:\n    mo|", ["model", "quantize", "parameters"]),
        ("variants:\n  q8_0: {model: a, |}", ["quantize", "parameters"]),
        ("variants:\n  q8|", []),
        ("system: |x\n  mo", []),
    ],
)
def test_keys_within_others(text: str, expected: list[str]) -> None:
    assert labels(PACKAGE, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "parameters:\n  temperature: 1\n  num_|",
        "parameters: {temperature: 1, num_|}",
        "parameters: {num_|",
        "variants:\n  a:\n    model: x\n    parameters:\n      temperature: 1\n      num_|",
    ],
)
def test_parameters(text: str) -> None:
    found = labels(PACKAGE, text)
    assert "num_ctx" in found and "stop" not in found and "name" not in found
    assert ("temperature" in found) is ("temperature: 1" not in text)


def test_values() -> None:
    assert labels(PACKAGE, "mode: |") == ["auto", "go", "native", "renderer"]
    assert labels(PACKAGE, "messages:\n- role: |") == ["system", "user", "assistant"]
    assert labels(PACKAGE, "parameters:\n  use_mmap: |") == ["true", "false"]
    assert "8192" in labels(PACKAGE, "parameters: {num_ctx: |}")
    assert written(PACKAGE, "parameters: {num_ctx: 40|96, top_k: 5}", "8192") == (
        "parameters: {num_ctx: 8192, top_k: 5}"
    )
    assert [f"family:{name}" for name in family_names()] == labels(PACKAGE, "chat_template: |")[1:]
    assert written(PACKAGE, "target: |  # oldest", ">=0.34.4") == 'target: ">=0.34.4"  # oldest'
    assert "gemma4" in labels(PACKAGE, "parser: |") and "gemma4" in labels(PACKAGE, "renderer: au|")


# The words of each key, as docs/package-file.md has them; every other key takes none.
WORDS = {
    "projector": ["auto", "none"],
    "tokenizer": ["auto", "none"],
    "chat_template": ["gguf"],
    "end_token": ["auto", "none"],
    "stop": ["auto"],
    "system_in": ["system", "user"],
    "mode": ["auto", "go", "native", "renderer"],
    "parser": ["auto", "none"],
    "renderer": ["auto", "none"],
}


@pytest.mark.parametrize("key", KEYS)
def test_the_words_of_a_key_are_offered_and_taken(key: str) -> None:
    others = {*RENDERERS, *PARSERS, *QUANTIZATIONS, *(f"family:{name}" for name in family_names())}
    found = [word for word in labels(PACKAGE, f"{key}: |") if word not in others]
    if key == "target":
        assert all(word.startswith(">=") for word in found)
        return
    assert found == WORDS.get(key, [])
    given = {"name": "x", "model": "y.gguf"}
    for word in found:
        text = "".join(f"{k}: {v}\n" for k, v in {**given, key: word}.items())
        assert all(p.code != WRONG_VALUE for p in PACKAGE.problems(OpenFile(text)))


def test_parameters_are_checked_as_lint_does() -> None:
    text = "name: x\nmodel: y.gguf\nparameters:\n  nope: 1\n"
    [found] = PACKAGE.problems(OpenFile(text))
    assert (found.code, text.count("\n", 0, found.place[0]) + 1) == ("MK110", 4)
    text = "name: x\nvariants: {a: {model: y.gguf, parameters: {top_k: hot}}}\n"
    assert [p.code for p in PACKAGE.problems(OpenFile(text))] == ["MK111"]


def test_keys_with_files_are_keys_of_the_schema() -> None:
    assert set(_FILES) <= set(KEYS)


def test_files(tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf", "t.jinja", "t.gotmpl", "LICENSE"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "golden").mkdir()
    path = tmp_path / "mkmodelfile.yaml"
    assert labels(PACKAGE, "model: |", path) == ["a.gguf", "b.gguf", "golden/"]
    assert labels(PACKAGE, "projector: |", path) == ["auto", "none", "a.gguf", "b.gguf", "golden/"]
    assert labels(PACKAGE, "adapters:\n  - |", path) == ["a.gguf", "b.gguf", "golden/"]
    assert labels(PACKAGE, "variants:\n  q8: |", path) == ["a.gguf", "b.gguf", "golden/"]
    assert labels(PACKAGE, "template: |", path) == ["t.gotmpl", "golden/"]
    assert "t.jinja" in labels(PACKAGE, "chat_template: |", path)
    assert labels(PACKAGE, "tests: |", path) == ["golden/"]
    assert written(PACKAGE, "model: a|", "b.gguf", path) == "model: b.gguf"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("proj|ector: auto", "projector", "Default: `auto`"),
        ("mode: na|tive", "native", "One of auto, go"),
        ("image:\n  sepa|rator: x", "separator", "between an image"),
        ("parameters: {num_c|tx: 5}", "num_ctx", "length of the context"),
        ("parameters:\n  num_ctx: 40|96", "4096", "length of the context"),
        ("renderer: gem|ma4", "gemma4", "since Ollama 0.20.0"),
        ("messages:\n- ro|le: user", "role", "system, user or assistant"),
        ("nothing|: x", "", ""),
        ("# com|ment", "", ""),
    ],
)
def test_hover(text: str, place: str, words: str) -> None:
    found = said(PACKAGE, text)
    assert found[0] == place
    assert words in found[1]


def test_problems_and_the_fix_of_a_misspelt_key() -> None:
    text = "name: 你😀\nmodle: a.gguf\nmode: natve\n"
    file = OpenFile(text)
    found = {p.code: text[slice(*p.place)] for p in PACKAGE.problems(file)}
    assert found == {"MK503": "modle", "MK504": "natve"}
    [fix] = PACKAGE.fixes(file, (12, 12))
    [edit] = fix.fix
    assert text[: edit.place[0]] + edit.text + text[edit.place[1] :] == text.replace("modle", "model")
    assert PACKAGE.fixes(file, (0, 1)) == []


def test_names_are_not_asked_for() -> None:
    assert PACKAGE.problems(OpenFile("name: a\nmodel: hf.co/org/none:Q4_K_M\n")) == []


@pytest.mark.parametrize("text", ["", "a: [", "\t", "- a", "a: &b [*b]", "name: \ud800", "x" * 300_000])
def test_what_is_no_package_file_is_a_problem(text: str) -> None:
    assert PACKAGE.problems(OpenFile(text))
    assert PACKAGE.links(OpenFile(text)) == []
    PACKAGE.symbols(OpenFile(text))


def test_lines_end_as_yaml_has_them() -> None:
    text = 'name: a\nsystem: "b\u2028  c"\nmodle: x\n'
    [unknown] = [p for p in PACKAGE.problems(OpenFile(text)) if p.code == "MK503"]
    assert text[slice(*unknown.place)] == "modle"


def test_the_outline() -> None:
    text = "name: x\nvariants:\n  a: b.gguf\n  c:\n    model: d\nsystem: |\n  text\n"
    found = PACKAGE.symbols(OpenFile(text))
    assert [s.name for s in found] == ["name", "variants", "system"]
    assert [s.name for s in found[1].inside] == ["a", "c"]
    assert text[slice(*found[1].place)] == "variants:\n  a: b.gguf\n  c:\n    model: d"
    assert text[slice(*found[2].place)] == "system: |\n  text"


def test_links(tmp_path: Path) -> None:
    for name in ("a.gguf", "p.gguf", "l.gguf", "t.jinja", "LICENSE"):
        (tmp_path / name).write_bytes(b"")
    for folder in ("golden", "empty"):
        (tmp_path / folder).mkdir()
    for name in ("z.prompt", "conversations.json"):
        (tmp_path / "golden" / name).write_text("")
    text = (
        'name: x\nmodel: "a.gguf"\nprojector: p.gguf\nchat_template: t.jinja\nlicense: LICENSE\n'
        "tests: golden\nadapters: [l.gguf, none.gguf]\nvariants: {q8: a.gguf, q4: {model: p.gguf}}\n"
        "tokenizer: empty\n"
    )
    found = PACKAGE.links(OpenFile(text, tmp_path / "mkmodelfile.yaml"))
    assert [(text[slice(*link.place)], link.target.name) for link in found] == [
        ('"a.gguf"', "a.gguf"),
        ("p.gguf", "p.gguf"),
        ("t.jinja", "t.jinja"),
        ("LICENSE", "LICENSE"),
        ("golden", "conversations.json"),
        ("l.gguf", "l.gguf"),
        ("a.gguf", "a.gguf"),
        ("p.gguf", "p.gguf"),
    ]
