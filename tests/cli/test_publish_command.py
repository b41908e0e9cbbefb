"""`mkmodelfile publish`: who creates the model, and what is refused before anything is built."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from modelfile_kit.publish.claims import claimed
from tests.publish.fake_ollama import FakeOllama
from tests.variant_files import write_variants


@pytest.fixture
def ollama(httpserver):
    return FakeOllama(httpserver)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--by", "hand"], "'hand' is not one of"),
        (["--ollama-command", "ollama"], "add --by cli"),
        (["--by", "cli", "--ollama-command", "no-such-program ollama"], "no-such-program"),
    ],
)
def test_a_way_that_there_is_not_is_wrong_usage(options, words, package, mkmodelfile, ollama):
    done = mkmodelfile("publish", package, "--host", ollama.url, "--dry-run", *options)
    assert done.code == 2
    assert words in done.err
    assert ollama.created == []


@pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")
def test_a_dry_run_shows_the_command_and_runs_nothing(package, mkmodelfile, ollama, tmp_path):
    program = tmp_path / "ollama"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    program.chmod(0o755)
    line = ("--host", ollama.url, "--dry-run", "--by", "cli", "--ollama-command", f"env A=1 {program}")
    done = mkmodelfile("publish", package, *line)
    assert done.code == 0, done.err
    assert f"would run `env A=1 {program} create tiny -f Modelfile`" in done.err
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")
def test_clean_shows_what_is_left_and_removes_what_nobody_needs(mkmodelfile, ollama, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mine, kept, old = (f"m:mkmodelfile-{c * 12}" for c in "abc")
    kept += "-of-8b"
    ollama.models = {name: {} for name in (mine, kept, old, "m:latest")}
    with claimed(kept):
        pass
    with claimed(mine):
        done = mkmodelfile("publish", "--clean", "--host", ollama.url)
    assert done.code == 0, done.err
    said = {line.split()[1]: line for line in done.out.splitlines() if "mkmodelfile-" in line}
    assert "kept: its publish is at work" in said[mine]
    assert "removed, and m:8b has its model again" in said[kept]
    assert "removed" in said[old]
    assert all(" d " in line and " old" in line for line in said.values())  # since 2026-01-01
    assert set(ollama.models) == {mine, "m:8b", "m:latest"}
    assert mkmodelfile("publish", "--clean", "--host", ollama.url).code == 0
    assert set(ollama.models) == {"m:8b", "m:latest"}
    assert "no working name" in mkmodelfile("publish", "--clean", "--host", ollama.url).err


def test_programs_get_what_a_dry_run_would_do(package, mkmodelfile, ollama):
    done = mkmodelfile("publish", package, "--host", ollama.url, "--dry-run", "--format", "json", "-q")
    assert (done.code, done.err) == (0, "")
    facts = json.loads(done.out)["facts"]
    assert (facts["name"], facts["dry_run"], facts["digest"]) == ("tiny", True, "")
    sizes = {}
    for file in facts["files"]:
        assert ".." not in Path(file["path"]).parts
        data = Path(file["path"]).read_bytes()
        assert file["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        sizes[file["name"]] = len(data)
        assert file["upload"]
    assert facts["upload_bytes"] == sum(sizes.values())
    assert facts["request"]["model"] == "tiny"
    assert set(facts["request"]["files"]) == set(sizes)
    assert ollama.created == []


def test_a_dry_run_knows_whether_a_publish_would_change_anything(
    package, mkmodelfile, ollama, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    line = ("publish", package, "--host", ollama.url, "--no-verify", "--format", "json")

    def unchanged(*more):
        return json.loads(mkmodelfile(*line, *more, "-q").out)["facts"]["unchanged"]

    assert unchanged("--dry-run") is unchanged() is False
    assert unchanged("--dry-run") is unchanged() is True
    text = mkmodelfile(*line[:-2], "--dry-run")
    assert f"dry run: tiny would be unchanged, {ollama.url} has exactly this model" in text.err
    file = package / "mkmodelfile.yaml"
    file.write_text(file.read_text().replace("Be brief.", "Be long."))
    assert unchanged("--dry-run") is unchanged() is False


def test_variants_end_with_what_to_run_next(tmp_path, mkmodelfile, ollama):
    write_variants(tmp_path / "p", ["Q8_0", "Q4_K_M"])
    line = ["publish", tmp_path / "p", "--no-verify", "--name", "me/x"]
    done = mkmodelfile(*line, "--host", ollama.url, "--dry-run")
    last = done.err.splitlines()[-1]
    assert last == f"next: mkmodelfile publish {tmp_path / 'p'} --host {ollama.url} --name me/x"
    done = mkmodelfile(*line, "--host", ollama.url)
    assert done.err.splitlines()[-1] == f"next: mkmodelfile verify me/x --host {ollama.url}"


def test_images_that_the_chat_template_does_not_know(package, mkmodelfile, ollama):
    """build, check and publish say the same, once: images are not proven, and none is an error."""
    jinja = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
    (package / "t.jinja").write_text(jinja)
    with (package / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("chat_template: t.jinja\n")
    publish = ("publish", "--host", ollama.url, "--no-verify")
    for name, *more in (("build",), ("check", "--bytes-only"), publish):
        done = mkmodelfile(name, package, *more)
        said = done.out + done.err
        assert (done.code, said.count("warning MK662"), "MK249" in said) == (0, 1, False), said
    done = mkmodelfile("check", package, "--bytes-only", "--format", "json")
    found = [d["code"] for d in json.loads(done.out)["diagnostics"]]
    assert found.count("MK662") == 1


def test_a_quiet_dry_run_still_has_an_answer(package, mkmodelfile, ollama):
    done = mkmodelfile("publish", package, "--host", ollama.url, "--dry-run", "-q")
    assert (done.code, done.err) == (0, "")
    first, last = done.out.splitlines()
    assert first.startswith("publish tiny: dry run: ") and f"MB to upload to {ollama.url}" in first
    assert last.startswith("publish: ok")
