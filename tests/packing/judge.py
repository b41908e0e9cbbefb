"""The judge of OCI layouts, a Go program with ModelPack's own validator: built once, in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest

from tests.oracle.oracle import go_binary

PROGRAM = Path(__file__).parent / "oci_judge" / "main.go"
MODULES = ("github.com/modelpack/model-spec@v0.0.7", "github.com/opencontainers/image-spec@v1.1.1")
BUILD_SECONDS = 600
# Read once: tests give themselves other folders in XDG_CACHE_HOME.
CACHE = Path(platformdirs.user_cache_dir("modelfile-kit")) / "oci-judge"


def judge(folder: Path) -> list[str]:
    """What ModelPack's and OCI's validators find wrong with a layout; skips where there is no Go."""
    done = subprocess.run([str(_built()), str(folder)], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def _built() -> Path:
    go = go_binary()
    if not go:
        pytest.skip("needs Go, for ModelPack's own validator")
    state = hashlib.sha256(PROGRAM.read_bytes() + repr(MODULES).encode()).hexdigest()[:12]
    folder = CACHE / state
    program = folder / "judge"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROGRAM, folder / "main.go")
    unfinished = folder / f"judge.{os.getpid()}"
    steps = [[go, "mod", "init", "judge"]] if not (folder / "go.mod").exists() else []
    steps += [[go, "get", *MODULES], [go, "build", "-mod=mod", "-o", str(unfinished), "."]]
    for step in steps:
        done = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS)
        if done.returncode:
            pytest.skip(f"{' '.join(step[:3])}: {done.stderr.strip()[-500:]}")
    unfinished.replace(program)
    return program
