"""The Containerfile: linted by hadolint; its steps are run by tools/container.py (see the Makefile, soak)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.ci.programs import program
from tools.container import FILE, ROOT, ignored, read_stages

STAGES = read_stages(FILE.read_text(encoding="utf-8"))
IMAGES = ("engine", "slim")


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([program("hadolint"), str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / "Containerfile"
    bad.write_text("FROM debian\nRUN cd /x && sudo make\n")
    assert subprocess.run([program("hadolint"), str(bad)], capture_output=True).returncode == 1


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_slim_and_has_no_rights(name: str) -> None:
    stage = STAGES[name]
    assert stage.last("USER").split(":")[0] not in ("", "root", "0")
    assert json.loads(stage.last("ENTRYPOINT")) == ["mkmodelfile"]
    assert stage.base == "python"  # not a stage with compilers
    assert STAGES["python"].base.endswith("-slim")
    assert "build" not in " ".join(value for step, value in stage.steps if step == "RUN")


def test_the_last_stage_is_the_light_one() -> None:
    assert list(STAGES)[-1] == "slim"


def test_what_is_copied_exists_and_is_in_the_context() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    copied = [
        value.split()[:-1] for stage in STAGES.values() for step, value in stage.steps if step == "COPY"
    ]
    files = [name for names in copied for name in names if not names[0].startswith("--from")]
    assert files
    for name in files:
        assert (ROOT / name).exists()
        assert not ignored(name, patterns)
    assert not ignored("modelfile_kit/cli/main.py", patterns)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    included = re.search(r"wheel\.force-include\]\n((?:\".*\n)+)", text)
    assert included
    assert set(re.findall(r'^"([^"]+)"', included[1], re.MULTILINE)) <= set(files)
    for name in ("model.gguf", "tests/conftest.py", "modelfile_kit/cli/__pycache__/main.pyc", ".git/config"):
        assert ignored(name, patterns)


def test_what_the_tool_does_not_know_is_said() -> None:
    for text in ("FROM debian\n", "RUN x\n", "FROM a AS b\nHEALTHCHECK CMD x\n"):
        with pytest.raises(ValueError, match=r"expected|not known"):
            read_stages(text)
