"""The wheel as a stranger gets it: in an empty environment, away from the source, without llama.cpp."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.micro import build_pair
from tools.advisories import project_table

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


MOST_BYTES = 60_000_000
# What the index not being there sounds like, to pip.
_NO_INDEX = re.compile(
    r"Failed to establish|Could not find a version|NewConnectionError|ConnectTimeout|resolution"
)


def run(*command: Any, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # The source beside the tests must not stand in for what is installed, nor a llama-server for llama.cpp.
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MKMODELFILE_LLAMA_SERVER")}
    bare["PATH"] = os.pathsep.join(["/usr/bin", "/bin"]) if os.name == "posix" else bare["PATH"]
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=600, cwd=cwd, env=bare
    )
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
    done = run(
        programs / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel, check=False
    )  # fmt: skip
    if done.returncode and _NO_INDEX.search(done.stderr):
        pytest.skip(f"the package index is not reachable: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return programs


def packages(programs: Path) -> dict[str, int]:
    """The bytes of each installed package with its bytecode, without those that a venv brings."""
    code = (
        "import importlib.metadata as m, json, os;"
        "print(json.dumps({d.name.lower().replace('_', '-'): sum(os.path.getsize(p) for f in d.files or ()"
        " if os.path.exists(p := f.locate())) for d in m.distributions()}))"
    )
    found: dict[str, int] = json.loads(run(programs / "python", "-c", code).stdout)
    return {name: size for name, size in found.items() if name not in ("pip", "setuptools")}


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
    for name in ("index.html", "play.css", "main.js", "editor.js", "results.js", "state.js", "dom.js"):
        assert f"modelfile_kit/play/static/{name}" in names
    pages = {path.name for path in (ROOT / "modelfile_kit/core/codes/pages").iterdir()}
    assert {f"modelfile_kit/core/codes/pages/{page}" for page in pages} <= set(names)
    assert [n for n in names if n.startswith(("tests/", "tools/", "examples/", "benchmarks/"))] == []


def test_pypi_takes_its_description(wheel: Any) -> None:
    pytest.importorskip("twine", reason="needs twine (extra docs)")
    done = run(sys.executable, "-m", "twine", "check", "--strict", wheel)
    assert "PASSED" in done.stdout


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


def test_it_is_light_and_every_library_has_its_reason(installed: Any) -> None:
    found = packages(installed)
    assert sum(found.values()) < MOST_BYTES, found
    reasons = (ROOT / "docs" / "adr" / "dependencies.md").read_text(encoding="utf-8")
    table = reasons.split("What has become")[0]
    own = {re.split(r"[^\w-]", line)[0].lower() for line in project_table()["dependencies"]}
    rows = {name for row in re.findall(r"^\| ([\w, -]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert own == rows - {"library", "---"}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "modelfile_kit").rglob("*.py")]
    for name in own:
        module = {"pyyaml": "yaml"}.get(name, name)
        assert any(re.search(rf"^ *(from|import) {module}\b", text, re.MULTILINE) for text in sources), name
    assert not {"numpy", "gguf", "pillow", "llama-cpp-python"} & found.keys()


def test_the_commands_of_every_day_work(installed: Any, wheel: Path, tmp_path: Path) -> None:
    """What needs no extra, on the micro package, away from the source."""
    program = installed / "mkmodelfile"
    run(installed / "python", "-m", "modelfile_kit.micro", tmp_path, cwd=tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text("name: x\nmodel: micro-glm4v.gguf\n")
    assert "build" in run(program, "--help", cwd=tmp_path).stdout
    version = wheel.name.split("-")[1]
    assert run(program, "--version", cwd=tmp_path).stdout.split() == ["mkmodelfile,", "version", version]
    assert "glm4" in run(program, "inspect", "micro-glm4v.gguf", cwd=tmp_path).stdout
    assert "{{" in run(program, "compile", "micro-glm4v.gguf", cwd=tmp_path).stdout
    written = run(program, "build", cwd=tmp_path).stdout.strip()
    run(program, "lint", written, cwd=tmp_path)
    run(program, "fmt", "--check", written, cwd=tmp_path)
    refused = run(program, "caption", "x.png", "--model", "x", check=False, cwd=tmp_path)
    assert refused.returncode == 2
    assert 'pip install "modelfile-kit[images]"' in refused.stderr


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_others_see_its_types(installed: Any, tmp_path: Path, checker: str, wrong: bool) -> None:
    """A program with types that uses the wheel, and the same with one mistake."""
    pytest.importorskip(checker, reason=f"needs {checker} (extra dev or judges)")
    text = (ROOT / "tests" / "fixtures" / "typed_project" / "example.py").read_text(encoding="utf-8")
    if wrong:
        text = text.replace("version: str", "version: int")
    (tmp_path / "example.py").write_text(text, encoding="utf-8")
    python = installed / "python"
    options = {
        "mypy": ("--strict", "--no-incremental", "--python-executable", python),
        "pyright": ("--warnings", "--pythonpath", python),
    }[checker]
    done = run(sys.executable, "-m", checker, *options, "example.py", check=False, cwd=tmp_path)
    assert (done.returncode == 1) is wrong, done.stdout + done.stderr
    if wrong:
        assert "example.py:" in done.stdout
        assert "1 error" in done.stdout


def test_it_is_light_and_says_what_is_missing(installed: Any, tmp_path: Path) -> None:
    pair = build_pair(tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: x\nmodel: {pair.model.name}\n")
    assert run(installed / "python", "-c", "import llama_cpp", check=False).returncode != 0
    refused = run(installed / "mkmodelfile", "check", tmp_path, check=False)
    assert refused.returncode == 2
    assert 'pip install "modelfile-kit[align]"' in refused.stderr
    assert run(installed / "mkmodelfile", "check", tmp_path, "--bytes-only").returncode == 0
