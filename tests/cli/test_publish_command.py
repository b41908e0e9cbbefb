"""`mkmodelfile publish`: who creates the model, and what is refused before anything is built."""

from __future__ import annotations

import os

import pytest

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
