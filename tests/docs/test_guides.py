"""The guides, typed: every command of theirs that needs no server and no network, on micro models."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair
from tests.docs.test_command_lines import BLOCK
from tests.kit_program import kit_program
from tests.llama_server import llama_server_or_skip

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
ELSEWHERE = re.compile(r"hf\.co/|--host|--to |://|^mkmodelfile (?:adopt|verify|serve|publish|rollback)\b")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def commands(name: str) -> list[str]:
    """The lines of a guide's blocks that can be typed here."""
    blocks = BLOCK.findall((GUIDES / name).read_text(encoding="utf-8"))
    lines = [line.partition("  #")[0].rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not ELSEWHERE.search(line)]


def types(folder: Path, lines: list[str], path: str = "") -> str:
    """What the commands write, one after the other; each has to succeed."""
    programs = kit_program(folder.parent / "programs")
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -eux", *lines])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env={
            **os.environ,
            "PATH": os.pathsep.join(filter(None, [str(programs), path, os.environ["PATH"]])),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.mark.engine
@pytest.mark.server
def test_quantizers(folder: Path, llama_cpp: None) -> None:
    program = llama_server_or_skip()
    pair = build_pair(folder)
    pair.model.rename(folder / "model-F16.gguf")
    pair.projector.rename(folder / "mmproj-model-F16.gguf")
    lines = commands("quantizers.md")
    assert any(line.startswith("mkmodelfile quantize") for line in lines)
    # The original's folder, and a quantization that is there before the first is made.
    shutil.copy(folder / "model-F16.gguf", folder / "model-Q4_K_M.gguf")
    lines = [line for line in lines if "./original" not in line]
    types(folder, [line.replace("Q4_K_M,Q5_K_M,Q8_0", "F16,Q8_0") for line in lines], str(program.parent))
    assert (folder / "quants" / "build").is_dir()


def test_app_teams(folder: Path) -> None:
    build_pair(folder)
    (folder / "packages" / "my-model").mkdir(parents=True)
    package = "name: my-model\nmodel: micro-glm4v.gguf\n"
    (folder / "mkmodelfile.yaml").write_text(package)
    shutil.copy(folder / "micro-glm4v.gguf", folder / "packages" / "my-model")
    (folder / "packages" / "my-model" / "mkmodelfile.yaml").write_text(package)
    types(folder, ["mkmodelfile test --micro --update packages/", *commands("app-teams.md")])


def test_trainers(folder: Path) -> None:
    build_pair(folder)
    (folder / "mkmodelfile.yaml").write_text("name: tuned\nmodel: micro-glm4v.gguf\n")
    (folder / "golden").mkdir()
    hi = [{"id": "hi", "messages": [{"role": "user", "content": "Hi"}]}]
    (folder / "golden" / "conversations.json").write_text(json.dumps(hi))
    lines = [line for line in commands("trainers.md") if "./output" not in line]
    assert lines == ["mkmodelfile build", "mkmodelfile test --update", "mkmodelfile test"]
    types(folder, lines)
    assert list((folder / "golden").glob("hi*"))
