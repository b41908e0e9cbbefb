"""A package with the micro pair, and a way to run commands as a shell would."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_pair


@pytest.fixture(autouse=True, scope="session")
def _nothing_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `inspect` keeps does not come from an earlier run."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("inspect")
        patch.setattr("modelfile_kit.cli.inspect_answers.cache_folder", lambda: folder)
        yield


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
