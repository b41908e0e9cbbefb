"""`mkmodelfile publish`: who creates the model, and what is refused before anything is built."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from modelfile_kit.publish.claims import claimed
from tests.publish.fake_ollama import FakeOllama


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


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell who holds a name")
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
        data = Path(file["path"]).read_bytes()
        assert file["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        sizes[file["name"]] = len(data)
        assert file["upload"]
    assert facts["upload_bytes"] == sum(sizes.values())
    assert facts["request"]["model"] == "tiny"
    assert set(facts["request"]["files"]) == set(sizes)
    assert ollama.created == []
