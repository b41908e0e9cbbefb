"""A package with the micro pair, and a way to run commands as a shell would."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_pair


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def mkmodelfile(capfdbinary, monkeypatch):
    """Runs one command line in this process; `stdin` is what `-` reads."""

    def call(*arguments, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        code = run([str(a) for a in arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Done(code, out.decode(), err.decode())

    return call


@pytest.fixture
def package(tmp_path) -> Path:
    """The folder of a package whose model is the micro pair."""
    folder = tmp_path / "package"
    build_pair(folder)
    (folder / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\nsystem: Be brief.\n")
    return folder
