"""The wheel as a stranger gets it: in an empty environment, away from the source, without llama.cpp."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.micro import build_pair

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def run(*command: Any, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, cwd=cwd)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty environment's programs, with the wheel installed."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    return programs


def test_the_wheel_holds_families_and_types_and_nothing_of_the_tests(wheel: Any) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("glm4v/family.yaml", "glm4v/chat_template.jinja", "Modelfile.j2"):
        assert f"modelfile_kit/_templates/{name}" in names
    assert "modelfile_kit/py.typed" in names
    for name in ("page.html.jinja", "page_parts.html.jinja", "page.css", "page.js"):
        assert f"modelfile_kit/report/{name}" in names
    shared = {name.partition(".data/data/")[2] for name in names}
    pages = {f"share/man/man1/{page.name}" for page in (ROOT / "man").iterdir()}
    scripts = {
        "share/bash-completion/completions/mkmodelfile",
        "share/zsh/site-functions/_mkmodelfile",
        "share/fish/vendor_completions.d/mkmodelfile.fish",
    }
    assert pages | scripts <= shared
    assert "modelfile_kit/cli/completion_table.json" in names
    schema = (ROOT / "docs/mkmodelfile.schema.json").read_bytes()
    assert zipfile.ZipFile(wheel).read("modelfile_kit/mkmodelfile.schema.json") == schema
    pages = {path.name for path in (ROOT / "modelfile_kit/core/codes/pages").iterdir()}
    assert {f"modelfile_kit/core/codes/pages/{page}" for page in pages} <= set(names)
    assert [n for n in names if n.startswith(("tests/", "tools/", "examples/", "benchmarks/"))] == []


def test_it_builds_an_example(installed: Any, tmp_path: Path) -> None:
    pair = build_pair(tmp_path / "micro")
    example = ROOT / "examples" / "autoglm-phone-9b"
    done = run(
        installed / "mkmodelfile", "build", example, "--output", tmp_path / "out",
        "--model", pair.model, "--projector", pair.projector, cwd=tmp_path,
    )  # fmt: skip
    text = (tmp_path / "out" / "Modelfile").read_text(encoding="utf-8")
    assert done.stdout.strip() == str(tmp_path / "out" / "Modelfile")
    assert text.count("\nFROM ") == 2
    assert "\n# PROJECTOR " in text
    assert "[gMASK]<sop>" in text


def test_it_is_light_and_says_what_is_missing(installed: Any, tmp_path: Path) -> None:
    pair = build_pair(tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: x\nmodel: {pair.model.name}\n")
    assert run(installed / "python", "-c", "import llama_cpp", check=False).returncode != 0
    refused = run(installed / "mkmodelfile", "check", tmp_path, check=False)
    assert refused.returncode == 2
    assert 'pip install "modelfile-kit[align]"' in refused.stderr
    assert run(installed / "mkmodelfile", "check", tmp_path, "--bytes-only").returncode == 0
