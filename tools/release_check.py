"""Builds wheel and sdist and tries both on every Python: `python -m tools.release_check [--python 3.12]…`.

The sdist is built from the checkout, one wheel from the checkout and one from the sdist; both wheels have to
hold the same files. Then wheel and sdist are installed without extras, each into a new environment of every
Python, and the commands of every day run there on the micro package, away from the source. uv finds the
Pythons, pyenv's too, or fetches them.

With --lowest the quick tests run in two environments: the oldest Python with the lowest versions that
pyproject.toml claims, and the newest with the newest ones. Tools of the tests (pytest and the like) are the
newest in both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tools.advisories import PYTHONS, ROOT

ALL_PYTHONS = ("3.10", "3.11", "3.12", "3.13")
EXTRAS = "hub,images,lsp,tokenizers"
TEST_TOOLS = (
    "gguf",
    "hypothesis",
    "jsonschema",
    "numpy",
    "packaging",
    "pytest",
    "pytest-httpserver",
    "towncrier",
)
# Rooms whose tests are quick and reach every library: YAML, Jinja, HTTP, images, tokenizers, the terminal.
QUICK = (
    "tests/core",
    "tests/package",
    "tests/huggingface",
    "tests/micro",
    "tests/vision",
    "tests/lint",
    "tests/sources",
)
DESELECTED = "not oracle and not server and not engine and not slow"


def main() -> int:
    """Reads the options; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", help="this Python alone; may be repeated")
    parser.add_argument(
        "--lowest", action="store_true", help="the quick tests with the lowest and newest versions"
    )
    parser.add_argument("--tests", nargs="+", default=QUICK, help="with --lowest: these tests")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mkmodelfile-release-") as folder:
        if given.lowest:
            return _versions(Path(folder), given.python or PYTHONS, given.tests)
        return _release(Path(folder), given.python or ALL_PYTHONS)


def _release(folder: Path, pythons: Iterable[str]) -> int:
    dist, again = folder / "dist", folder / "again"
    _uv("build", "--quiet", "--out-dir", dist, ROOT)
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    _uv("build", "--quiet", "--wheel", "--out-dir", again, sdist)
    [second] = again.glob("*.whl")
    assert wheel.name == second.name, f"{wheel.name} from the checkout, {second.name} from the sdist"
    differ = _names(wheel) ^ _names(second)
    assert not differ, f"in one of the wheels alone: {sorted(differ)}"
    version = wheel.name.split("-")[1]
    for made in (wheel, sdist):
        print(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB")
    for python in pythons:
        for what in (wheel, sdist):
            began = time.monotonic()
            programs = _environment(folder / f"{python}-{what.suffix}", python, what)
            installed = time.monotonic() - began
            size = _try(programs, version, folder)
            told = f"{size / 1e6:.0f} MB, installed in {installed:.1f} s, fine"
            print(f"Python {python}, {what.suffix[1:]}: {told}", flush=True)
    return 0


def _versions(folder: Path, pythons: Iterable[str], tests: Iterable[str]) -> int:
    worst = 0
    for python in pythons:
        resolution = "lowest-direct" if python == min(PYTHONS) else "highest"
        programs = _environment(
            folder / python, python, f"{ROOT}[{EXTRAS}]", "--resolution", resolution, "--editable"
        )
        held = folder / f"{python}.txt"
        listed = _uv("pip", "freeze", "--python", programs / "python", "--exclude-editable").stdout
        held.write_text(listed, encoding="utf-8")
        _uv("pip", "install", "--quiet", "--python", programs / "python", "--constraint", held, *TEST_TOOLS)
        print(f"Python {python}, {resolution}:", ", ".join(listed.split()), flush=True)
        done = subprocess.run(
            [programs / "python", "-m", "pytest", "-q", "-m", DESELECTED, "-p", "no:cacheprovider", *tests],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        worst = max(worst, done.returncode)
    return worst


def _environment(folder: Path, python: str, what: object, *options: object) -> Path:
    """The folder of programs of a new environment with that installed."""
    _uv("venv", "--quiet", "--python", _found(python), folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    _uv("pip", "install", "--quiet", "--python", programs / "python", *options, what)
    return programs


def _found(python: str) -> str:
    """The program of a Python that pyenv has, where uv does not look; else its version, for uv to find."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    programs = sorted(root.glob(f"versions/{python}.*/bin/python{python}"))
    return str(programs[-1]) if programs else python


def _try(programs: Path, version: str, folder: Path) -> int:
    """Runs the commands of every day; returns how many bytes are installed."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        (Path(work) / "mkmodelfile.yaml").write_text("name: x\nmodel: micro-glm4v.gguf\n", encoding="utf-8")
        kit = programs / "mkmodelfile"
        _run([programs / "python", "-m", "modelfile_kit.micro", "."], work)
        said = _run([kit, "--version"], work).strip()
        assert said == f"mkmodelfile, version {version}", f"{said}; the wheel is of {version}"
        _run([kit, "--help"], work)
        _run([kit, "inspect", "micro-glm4v.gguf"], work)
        _run([kit, "compile", "micro-glm4v.gguf"], work)
        modelfile = _run([kit, "build"], work).strip()
        _run([kit, "lint", modelfile], work)
        _run([kit, "fmt", "--check", modelfile], work)
        code = (
            "import importlib.metadata as m, os;"
            "print(sum(os.path.getsize(p) for d in m.distributions() for f in d.files or ()"
            " if os.path.exists(p := f.locate())))"
        )
        return int(_run([programs / "python", "-c", code], work))


def _names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def _uv(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done


def _run(command: list[object], folder: str) -> str:
    words = [str(word) for word in command]
    bare = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(words, cwd=folder, env=bare, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{json.dumps(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
