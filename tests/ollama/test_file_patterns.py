"""Patterns behind FROM name the files that Go's path/filepath and Ollama's client find."""

from __future__ import annotations

import json
import random

import pytest

from modelfile_kit.ollama.file_patterns import PatternError, files_of, is_pattern
from tests.oracle.oracle import b64

NAMES = [
    "a",
    "ab",
    "b.gguf",
    "a.gguf",
    ".gguf",
    "a-1.gguf",
    "[a]",
    "é.gguf",
    "a]b",
    "x\\y",
    "a*b",
    "-",
    "^",
    "z",
]


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text(name)
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "m-00001.gguf").write_text("m")
    (tmp_path / "gone.gguf").symlink_to("nowhere")
    return tmp_path


def names(folder, pattern):
    return [p.relative_to(folder).as_posix() for p in files_of(folder / pattern)]


def test_what_a_pattern_names(folder):
    assert names(folder, "a*") == ["a", "a*b", "a-1.gguf", "a.gguf", "a]b", "ab"]
    assert names(folder, "?.gguf") == ["a.gguf", "b.gguf", "é.gguf"]
    assert names(folder, "[ab].gguf") == names(folder, "[a-b].gguf") == ["a.gguf", "b.gguf"]
    assert names(folder, "*/m-*.gguf") == ["in/m-00001.gguf"]
    assert names(folder, "*.gguf")[0] == ".gguf"
    assert names(folder, "gone*") == ["gone.gguf"]


def test_what_matches_nothing_is_a_plain_path(folder):
    assert names(folder, "none*") == ["none*"]
    assert names(folder, "[x].gguf") == ["[x].gguf"]
    assert not is_pattern("./plain-1.gguf")


def test_a_set_hides_the_file_of_that_name(folder):
    """The trap: `[a]` exists, and is not what is taken."""
    assert names(folder, "[a]") == ["a"]


@pytest.mark.parametrize("pattern", ["m[", "[]a]", "[-x]", "[x-]", "[a", "a\\", "[^]", "[a-]x"])
def test_what_go_refuses(folder, pattern):
    with pytest.raises(PatternError):
        files_of(folder / pattern)


@pytest.mark.oracle
def test_go_answers_the_same(oracle, folder):
    r = random.Random(5)
    parts = ["a", "b", "*", "?", "[", "]", "^", "-", "\\", ".gguf", "/", "in", "m"]
    made = ["".join(r.choice(parts) for _ in range(r.randrange(1, 7))) for _ in range(3000)]
    patterns = [str(folder / p.strip("/")) for p in made if "//" not in p and not p.endswith("\\/")]
    found = refused = 0
    answers = oracle.ask_all({"op": "glob", "Pattern": p} for p in patterns)
    for pattern, answer in zip(patterns, answers, strict=True):
        refused += not answer["ok"]
        if not answer["ok"]:
            with pytest.raises(PatternError):
                files_of(pattern)
            continue
        theirs = answer["found"] or [pattern]
        assert [str(p) for p in files_of(pattern)] == theirs, pattern
        found += bool(answer["found"])
    assert found > 300 and refused > 300


@pytest.mark.oracle
@pytest.mark.parametrize(("version", "takes"), [("0.33.0", False), ("0.34.4", True)])
def test_ollamas_client_takes_patterns_since_0_34_1(oracle_for, folder, version, takes):
    for pattern in ("[ab].gguf", "in/m*"):
        data = f"FROM {folder / pattern}\n".encode()
        sent = json.loads(oracle_for(version).ask("create_request", data_b64=b64(data))["sent"])
        if takes:
            assert sorted(sent["files"]) == [str(p) for p in files_of(folder / pattern)]
        else:
            assert sent["from"] == str(folder / pattern)
    refused = oracle_for(version).ask("create_request", data_b64=b64(b"FROM ./m[.gguf\n"))
    assert refused["ok"] is not takes
