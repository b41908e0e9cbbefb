"""The line that says what to run next: with the same package and the same files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair
from tests.publish.fake_ollama import FakeOllama


def next_of(done) -> list[str]:
    """The command line of the last line on stderr."""
    lines = [line for line in done.err.splitlines() if line.startswith("next: ")]
    assert lines == done.err.splitlines()[-1:]
    return shlex.split(lines[0].removeprefix("next: "))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build_pair(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_step_names_one_that_works(here: Path, mkmodelfile) -> None:
    done = mkmodelfile("init", "micro-glm4v.gguf")
    for words in (["build"], ["check"], ["publish"]):
        assert next_of(done) == ["mkmodelfile", *words]
        if words != ["publish"]:
            done = mkmodelfile(*words, *(["--bytes-only"] if words == ["check"] else []))
            assert done.code == 0


def test_a_password_is_not_handed_on(here: Path, mkmodelfile) -> None:
    mkmodelfile("init", "micro-glm4v.gguf")
    done = mkmodelfile("check", "--bytes-only", "--host", "http://me:hunter2@box:1")
    assert next_of(done) == ["mkmodelfile", "publish", "--host", "http://***@box:1"]


def test_the_package_and_its_files_are_handed_on(here: Path, mkmodelfile) -> None:
    odd = here / "a folder's name"
    odd.mkdir()
    first = mkmodelfile("init", "micro-glm4v.gguf", "-o", odd / "mkmodelfile.yaml")
    assert next_of(first) == ["mkmodelfile", "build", str(odd)]
    other = mkmodelfile("init", "micro-glm4v.gguf", "-o", "other.yaml")
    assert next_of(other) == ["mkmodelfile", "build", "other.yaml"]
    model = here / "micro-glm4v.gguf"
    built = mkmodelfile("build", odd, "--model", model, "--projector", "none", "--target", ">=0.32")
    line = next_of(built)
    assert line == [
        *("mkmodelfile", "check", str(odd), "--model", str(model)),
        *("--projector", "none", "--target", ">=0.32"),
    ]
    checked = mkmodelfile(*line[1:], "--bytes-only")
    # publish takes the target from the package
    assert next_of(checked) == [
        *("mkmodelfile", "publish", str(odd), "--model", str(model), "--projector", "none")
    ]


def test_golden_files_that_are_not_there_yet(here: Path, mkmodelfile) -> None:
    mkmodelfile("init", "micro-glm4v.gguf")
    failed = mkmodelfile("test", "--no-tokens")
    assert failed.out.startswith("test .: 13 of 14 failed (MK910 golden-file-missing): ")
    assert next_of(failed) == ["mkmodelfile", "test", "--update"]
    assert mkmodelfile("test", "--update", "--no-tokens").code == 0
    with (here / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("system: Be brief.\n")
    changed = mkmodelfile("test", "--no-tokens")
    assert changed.code == 1
    assert next_of(changed) == ["mkmodelfile", "check"]


@pytest.mark.parametrize(("purpose", "place"), [("hf", "hf.co/ORG/REPO"), ("oci", "oci://HOST/REPOSITORY")])
def test_what_is_built_for_a_hub_is_pushed(here: Path, mkmodelfile, purpose: str, place: str) -> None:
    mkmodelfile("init", "micro-glm4v.gguf")
    assert next_of(mkmodelfile("build", "--for", purpose)) == ["mkmodelfile", "push", "--to", place]


def test_after_a_publish(package: Path, mkmodelfile, httpserver) -> None:
    ollama = FakeOllama(httpserver)
    line = ["publish", package, "--host", ollama.url, "--no-verify", "--name", "me/m"]
    rehearsed = mkmodelfile(*line, "--dry-run")
    assert next_of(rehearsed) == [
        *("mkmodelfile", "publish", str(package), "--host", ollama.url, "--name", "me/m")
    ]
    assert next_of(mkmodelfile(*line)) == ["mkmodelfile", "verify", "me/m", "--host", ollama.url]


def test_there_is_none_where_nobody_asked_or_something_failed(
    here: Path, mkmodelfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "next:" not in mkmodelfile("init", "micro-glm4v.gguf", "-o", "-").err
    assert "next:" not in mkmodelfile("init", "micro-glm4v.gguf", "-q").err
    assert "next:" not in mkmodelfile("build", "--format", "json").err
    assert "next:" not in mkmodelfile("-q", "build").err
    (here / "mkmodelfile.yaml").write_text("name: x\nmodel: nowhere.gguf\n")
    assert "next:" not in mkmodelfile("build").err
    assert [path.name for path in (here / "build").iterdir()] == ["micro-glm4v"]


def test_explanations_come_before_it(here: Path, mkmodelfile) -> None:
    mkmodelfile("init", "micro-glm4v.gguf")
    for words in (["build", "-v"], ["-v", "check", "--bytes-only"]):
        done = mkmodelfile(*words)
        assert done.err.count("MK321 stop-unseen: A stop is a control token") == 1
        assert next_of(done)
