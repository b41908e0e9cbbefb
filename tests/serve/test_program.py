"""Which program serves: where it is looked for, what its --help says."""

from __future__ import annotations

import os
import sys

import pytest

from modelfile_kit.core.errors import EngineError, MissingDependencyError, UsageError
from modelfile_kit.serve import program as module
from modelfile_kit.serve.program import LLAMA_SERVER, PYTHON_SERVER, Program, find_program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")


@pytest.fixture
def nothing_here(monkeypatch):
    monkeypatch.delenv("MKMODELFILE_LLAMA_SERVER", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


def test_the_options_are_those_at_the_beginnings_of_lines(stand_in):
    found = find_program(stand_in)
    assert (found.kind, found.version) == (LLAMA_SERVER, "9.9.9 (build 1, commit abc)")
    assert {"--model", "-mm", "--mmproj", "--n-gpu-layers", "--chat-template-file", "--temp"} <= found.options
    assert "--unknown-word" not in found.options
    assert "--jinja" not in found.options
    assert found.has_gpu() is False
    assert "named by --llama-server" in str(found)


def test_argparse_writes_options_in_brackets():
    text = "usage: x [-h] [--model MODEL] [--n_ctx N]\n\noptions:\n  --model MODEL  The path --of it\n"
    assert set(module._options(text)) == {"-h", "--model", "--n_ctx"}


def test_ollamas_own_is_found_and_said(stand_in, nothing_here, monkeypatch, tmp_path):
    ollama = tmp_path / "app" / "bin" / "ollama"
    beside = tmp_path / "app" / "lib" / "ollama" / "llama-server"
    for path in (ollama, beside):
        path.parent.mkdir(parents=True)
        path.write_bytes(stand_in.read_bytes())
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(ollama.parent))
    assert "Ollama's own" in find_program().found
    monkeypatch.setenv("PATH", str(stand_in.parent))
    assert "found on PATH" in find_program().found
    monkeypatch.setenv("MKMODELFILE_LLAMA_SERVER", str(stand_in))
    assert "MKMODELFILE_LLAMA_SERVER" in find_program().found


def test_the_one_of_python_is_the_last_resort(nothing_here, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    found = find_program()
    assert (found.kind, found.command) == (PYTHON_SERVER, (sys.executable, "-m", "llama_cpp.server"))
    assert found.has_gpu() is None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="llama-server was not found") as e:
        find_program()
    assert "Ollama 0.30" in e.value.help


def test_a_path_that_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="file not found"):
        find_program(tmp_path / "missing")


def test_a_program_that_does_not_run(tmp_path):
    broken = tmp_path / "llama-server"
    broken.write_text("#!/bin/sh\necho 'libllama.so: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(EngineError, match="cannot open shared object file"):
        _ = find_program(broken).options
    with pytest.raises(EngineError, match="cannot be started"):
        _ = Program(LLAMA_SERVER, (str(tmp_path / "missing"),), "", "").options
