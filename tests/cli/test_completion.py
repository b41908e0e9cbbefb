"""Completion: what can follow, and that the three shells take it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.cli.completion import FOLDER, SHELLS, TABLE, candidates, script, split_line
from modelfile_kit.cli.main import _COMMANDS
from modelfile_kit.report import FORMATS
from tests.cli import shells
from tests.kit_program import kit_program

pytest.importorskip("pty", reason="this system has no pseudo-terminals")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files of each kind."""
    home = tmp_path / "work"
    (home / "my package").mkdir(parents=True)
    for name in (
        "model-Q4_K_M.gguf",
        "mmproj.gguf",
        "Modelfile",
        "notes.txt",
        "template.jinja",
        ".hidden.gguf",
    ):
        (home / name).write_bytes(b"")
    for name in ("mkmodelfile.yaml", "a b.gguf"):
        (home / "my package" / name).write_bytes(b"")
    monkeypatch.chdir(home)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    return home


def texts(*words: str) -> list[str]:
    return [candidate.text for candidate in candidates(words)]


def test_commands() -> None:
    assert texts("") == list(_COMMANDS)
    assert texts("ver") == ["verify"]
    assert texts("-q", "ver") == ["verify"]
    assert texts("nothing", "") == []
    assert {c.text: c.help for c in candidates([""])} == _COMMANDS


def test_options() -> None:
    assert "--quiet" in texts("-") and "--target" not in texts("-")
    assert {"--target", "--fix", "--format", "--quiet", "--help"} <= set(texts("lint", "--"))
    assert "--fix" not in texts("lint", "--fix", "--f") and "--format" in texts("lint", "--fix", "--f")
    assert texts("patch", "m", "--set", "a=b", "--s") == ["--set"]  # it may be given again
    assert texts("lint", "--", "--f") == []


def test_values() -> None:
    assert texts("lint", "--format", "") == list(FORMATS)
    assert texts("lint", "--format=") == [f"--format={name}" for name in FORMATS]
    assert texts("lint", "--format=j") == ["--format=json", "--format=junit"]
    assert texts("completion", "") == list(SHELLS)
    assert ">=0.30.0" in texts("build", "--target", ">=0.3") and "latest" in texts("lint", "--target", "")
    assert "Q4_K_M" in texts("quantize", "m.gguf", "Q4") and "F16,Q4_K_M" in texts(
        "quantize", "m.gguf", "F16,Q4"
    )
    assert texts("lint", "--fix", "--memory", "") == []


def test_codes() -> None:
    found = {c.text: c.help for c in candidates(["explain", "MK325"])}
    assert list(found) == ["MK325"] and found["MK325"]
    assert "bos-twice" in texts("explain", "bos-") and texts("explain", "MK325", "MK32") != []
    assert texts("lint", "--ignore", "MK325,MK326")[0].startswith("MK325,MK326")


def test_files(files: Path) -> None:
    assert texts("inspect", "") == ["mmproj.gguf", "model-Q4_K_M.gguf", "my package/"]
    assert texts("inspect", "mo") == ["model-Q4_K_M.gguf"]
    assert texts("inspect", "x", "my package/") == ["my package/a b.gguf"]
    assert texts("inspect", ".h") == [".hidden.gguf"]
    assert texts("lint", "") == ["Modelfile", "my package/"]
    assert texts("lint", "my package/") == ["my package/a b.gguf", "my package/mkmodelfile.yaml"]
    assert texts("build", "") == ["my package/"] and texts("build", "my package/m") == [
        "my package/mkmodelfile.yaml"
    ]
    assert texts("build", "--model", "m")[0] == "mmproj.gguf"
    assert texts("compile", "") == ["mmproj.gguf", "model-Q4_K_M.gguf", "my package/", "template.jinja"]
    assert texts("quantize", "model-Q4_K_M.gguf", "none", "") == []
    assert texts("inspect", "none/") == texts("inspect", "a\0b") == []
    assert [c.kind for c in candidates(["inspect", "m"])] == ["file", "file", "folder"]


def test_keys_of_a_gguf(files: Path, pair: Any) -> None:
    assert "tokenizer.ggml.eot_token_id=" in texts("patch", str(pair.model), "--set", "tokenizer.ggml.eot")
    assert "general.architecture" in texts("patch", str(pair.model), "--delete", "general.")
    assert texts("patch", "notes.txt", "--delete", "") == []  # no GGUF, and no message


def test_variants_of_a_package(files: Path) -> None:
    text = "name: a\nvariants: {q8_0: a.gguf, q4_K_M: b.gguf, 'x y': c.gguf}\n"
    (files / "my package" / "mkmodelfile.yaml").write_text(text)
    assert texts("build", "my package", "--variant", "") == ["q8_0", "q4_K_M"]
    assert texts("build", "my package/mkmodelfile.yaml", "--variant=q8") == ["--variant=q8_0"]
    assert texts("build", "--variant", "") == []


def test_models_of_a_server(files: Path, httpserver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [{"name": name, "model": name} for name in ("tiny:latest", "big:8b", "x; rm -rf ~", "a\nb")]
    httpserver.expect_request("/api/tags").respond_with_json({"models": models})
    address = httpserver.url_for("").rstrip("/")
    assert texts("verify", "") == []  # there is no server
    assert texts("verify", "--host", address, "") == ["big:8b", "tiny"]
    assert texts("verify", f"--host={address}", "t") == ["tiny"]
    monkeypatch.setenv("OLLAMA_HOST", address)
    assert texts("repair", "") == ["big:8b", "tiny"]
    httpserver.expect_request("/api/tags").respond_with_data("no", status=500)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mkmodelfile ", ["mkmodelfile", ""]),
        ('m  a \'b c\' "d\\"e" f\\ g h', ["m", "a", "b c", 'd"e', "f g", "h"]),
        ("m 'open quo", ["m", "open quo"]),
        ("m a\\", ["m", "a"]),
        ("m ''", ["m", ""]),
        ("", [""]),
    ],
)
def test_a_line_in_words(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_every_value_of_a_command_is_of_some_kind() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    assert list(table["commands"]) == list(_COMMANDS)
    for name, command in table["commands"].items():
        for option in [*table["options"], *command["options"]]:
            assert "\t" not in option["help"] and "\n" not in option["help"], (
                name,
                option,
            )
            assert (option["kind"] == "choice") is ("choices" in option)


def test_the_command_prints_the_script(mkmodelfile: Any) -> None:
    for shell in SHELLS:
        done = mkmodelfile("completion", shell)
        assert (done.code, done.out) == (0, (FOLDER / "shells" / f"mkmodelfile.{shell}").read_text())
        assert done.out == script(shell)
    assert mkmodelfile("completion", "tcsh").code == 2


# -- real shells ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home without settings, and a `mkmodelfile` on the PATH."""
    folder = tmp_path_factory.mktemp("home")
    path = os.pathsep.join([str(kit_program(folder / "bin")), os.environ["PATH"]])
    modules = os.pathsep.join(sys.path)
    return {
        "LC_ALL": "C.UTF-8",
        "PATH": path,
        "PYTHONPATH": modules,
        "HOME": str(folder),
        "OLLAMA_HOST": "127.0.0.1:9",
    }


@pytest.fixture(params=["bash", "zsh"])
def shell(request: Any, files: Path, environment: dict[str, str]) -> Iterator[shells.Shell]:
    """An interactive shell."""
    (Path(environment["HOME"]) / "at home.gguf").write_bytes(b"")
    found = shells.Shell(
        request.param, FOLDER / "shells" / f"mkmodelfile.{request.param}", files, environment
    )
    yield found
    found.close()


def test_tab_in_a_shell(shell: shells.Shell, environment: dict[str, str]) -> None:
    """One shell for all lines: to start one takes the time."""
    home = environment["HOME"]
    assert shell.completed("mkmodelfile veri") == ["mkmodelfile", "verify", ""]
    assert shell.completed("mkmodelfile lint --bas") == ["mkmodelfile", "lint", "--baseline", ""]
    assert shell.completed("mkmodelfile lint --format js") == ["mkmodelfile", "lint", "--format", "json", ""]
    assert shell.completed("mkmodelfile lint --format=js")[-2:] == ["--format=json", ""]
    assert shell.completed("mkmodelfile inspect mod") == ["mkmodelfile", "inspect", "model-Q4_K_M.gguf", ""]
    # a folder goes on without a space, and what is no plain character is quoted
    assert shell.completed("mkmodelfile inspect my") == ["mkmodelfile", "inspect", "my package/"]
    assert shell.completed("mkmodelfile inspect my\\ package/a")[-2:] == ["my package/a b.gguf", ""]
    assert shell.completed("mkmodelfile inspect ~/at")[-2] == f"{home}/at home.gguf"
    assert shell.completed("mkmodelfile explain MK325") == ["mkmodelfile", "explain", "MK325", ""]
    assert shell.completed("mkmodelfile verify noth") == ["mkmodelfile", "verify", "noth"]
    listed = shell.listed("mkmodelfile p", "push")
    assert [name for name in ("patch", "publish", "pull", "push") if name not in listed] == []


def test_tab_in_fish(files: Path, environment: dict[str, str]) -> None:
    (Path(environment["HOME"]) / "at home.gguf").write_bytes(b"")
    lines = [
        "mkmodelfile veri", "mkmodelfile lint --format js", "mkmodelfile lint --format=js",
        "mkmodelfile inspect m", "mkmodelfile inspect my\\ package/a", "mkmodelfile inspect ~/at",
        "mkmodelfile explain MK325",
        "mkmodelfile verify noth", "mkmodelfile inspect 'my pa",
    ]  # fmt: skip
    asked = "; ".join(f"complete -C {line!r}; echo ----" for line in lines)
    source = f"source '{FOLDER / 'shells' / 'mkmodelfile.fish'}'; {asked}"
    done = subprocess.run(
        [shells.needed("fish"), "--no-config", "-c", source], capture_output=True, text=True, cwd=files,
        env=environment, timeout=shells.PATIENCE,
    )  # fmt: skip
    assert done.stderr == ""
    answers = [part.strip().splitlines() for part in done.stdout.split("----\n")[:-1]]
    words = [[line.partition("\t")[0] for line in part] for part in answers]
    assert words == [
        ["verify"], ["json"], ["--format=json"], ["mmproj.gguf", "model-Q4_K_M.gguf", "my package/"],
        ["my package/a b.gguf"], ["~/at home.gguf"], ["MK325"], [], ["my package/"],
    ]  # fmt: skip
    assert answers[0][0].partition("\t")[2].startswith("Verify a model on an Ollama server")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("a:`>ran`.gguf", "a:"),
        ("a:$HOME.gguf", "a:"),
        ("a:$(>ran).gguf", "a:"),
        ("a:<(>ran).gguf", "a:"),
        ("a:`>ran`.gguf", "a"),
        ("`>ran`.gguf", ""),
        ("`>ran`.gguf", "--model="),
        ("a b;>ran.gguf", "a"),
    ],
)
def test_a_name_is_text_to_bash_whatever_is_in_it(
    files: Path, environment: dict[str, str], tmp_path: Path, name: str, typed: str
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / name).write_bytes(b"")
    path = tmp_path / "script"
    path.write_text(script("bash"))
    command = "build" if typed.startswith("-") else "inspect"
    found = shells.Shell("bash", path, folder, environment)
    try:
        words = found.completed(f"mkmodelfile {command} {typed}")
    finally:
        found.close()
    if typed.endswith((":", "=")):
        assert words == ["mkmodelfile", command, typed]  # left to the user
    else:
        assert words == ["mkmodelfile", command, name, ""]
    assert [file.name for file in folder.iterdir()] == [name]


@pytest.mark.parametrize("name", ["my model.gguf", "q'$(>ran).gguf", 'x`>ran`$HOME".gguf'])
@pytest.mark.parametrize("before", ["'", '"', "", "--model=", '--model="'])
def test_a_name_within_quotes_is_that_name_to_zsh(
    environment: dict[str, str], tmp_path: Path, name: str, before: str
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / name).write_bytes(b"")
    command = "build" if before.startswith("-") else "inspect"
    found = shells.Shell("zsh", FOLDER / "shells" / "mkmodelfile.zsh", folder, environment)
    try:
        words = found.completed(f"mkmodelfile {command} {before}{name[0]}")
    finally:
        found.close()
    assert words == ["mkmodelfile", command, before.rstrip("'\"") + name, ""]
    assert [file.name for file in folder.iterdir()] == [name]


@pytest.mark.parametrize("value", ["1", "tcsh", "zsh_source", "BASH"])
def test_only_our_scripts_are_answered(value: str, monkeypatch, mkmodelfile) -> None:
    monkeypatch.setenv("_MKMODELFILE_COMPLETE", value)
    done = mkmodelfile("explain", "MK321")
    assert (done.code, "stop-unseen" in done.out) == (0, True)
