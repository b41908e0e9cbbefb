"""The hooks for pre-commit, in a real git repository, run by the real pre-commit.

In every run the hooks are called with the kit that is installed here (`language: system`). With
MKMODELFILE_SOAK=1 pre-commit clones the kit and installs it into an environment of its own, as it does for a
stranger, which needs the package index and most of a minute.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelfile_kit.lint.any_file import LINTED
from modelfile_kit.micro import build_pair
from modelfile_kit.project.patterns import Patterns
from modelfile_kit.project.walk import MODELFILES

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", MANIFEST.name, "docs", "modelfile_kit", "templates")
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed"),
]


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return found


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run([*GIT, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def clone_of_the_kit(folder: Path, *, installed_here: bool) -> str:
    """A repository with what the kit is built from; its commit."""
    folder.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in BUILT_FROM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unwanted)
        else:
            shutil.copy(source, folder)
    if installed_here:
        text = MANIFEST.read_text(encoding="utf-8").replace("language: python", "language: system")
        program = f"env PYTHONPATH={ROOT} {sys.executable} -m modelfile_kit"
        (folder / MANIFEST.name).write_text(text.replace("entry: mkmodelfile", f"entry: {program}"))
    git(folder, "init", "-q")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-q", "-m", "the kit")
    return git(folder, "rev-parse", "HEAD")


class Repository:
    """A stranger's repository that uses the hooks."""

    def __init__(self, folder: Path, kit: Path, revision: str) -> None:
        self.folder = folder
        self.cache = folder.parent / "cache"
        folder.mkdir()
        git(folder, "init", "-q")
        used = [{"id": hook["id"]} for hook in hooks()]
        settings = {"repos": [{"repo": str(kit), "rev": revision, "hooks": used}]}
        (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(settings))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> tuple[int, str]:
        """Commits everything, as a user with the installed hook does."""
        git(self.folder, "add", "--all")
        outside = {
            key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))
        }
        inside = {**outside, "PRE_COMMIT_HOME": str(self.cache), "PYTHONPATH": str(ROOT)}
        line = [*GIT, "commit", "-m", "x"]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, env=inside, timeout=600)
        return done.returncode, done.stdout + done.stderr

    def install(self) -> None:
        line = [sys.executable, "-m", "pre_commit", "install"]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def outcomes(said: str) -> dict[str, str]:
    """What pre-commit says of each hook."""
    lines = re.findall(r"^(mkmodelfile \w+)\.+(?:\(.*\))?(\w+)$", said, re.MULTILINE)
    return dict(lines)


def a_day_with_the_hooks(repository: Repository) -> None:
    repository.install()
    repository.write("README.md", "nothing for the hooks\n")
    code, said = repository.commit()
    assert code == 0, said
    assert set(outcomes(said).values()) == {"Skipped"}

    repository.write("models/Modelfile", "FROM ./not-in-git.gguf\nPARAMETER nope 1\n")
    code, said = repository.commit()
    assert (code, outcomes(said)["mkmodelfile lint"]) == (1, "Failed"), said
    assert "models/Modelfile:2:1: error MK110" in said
    assert "MK430" not in said  # the model is not in git

    repository.write("models/Modelfile", "from ./not-in-git.gguf\n")
    code, said = repository.commit()
    assert (code, outcomes(said)["mkmodelfile fmt"]) == (1, "Failed"), said
    assert "files were modified by this hook" in said
    assert (repository.folder / "models/Modelfile").read_text() == "FROM ./not-in-git.gguf\n"
    code, said = repository.commit()  # formatted now
    assert code == 0, said

    repository.write("mkmodelfile.toml", 'exclude = ["old/"]\n')
    repository.write("old/Modelfile", "PARAMETER nope 1\n")
    code, said = repository.commit()
    assert code == 0, said

    pair = build_pair(repository.folder / "package")
    pair.model.unlink()
    repository.write("package/mkmodelfile.yaml", f"name: tiny\nmodel: {pair.model.name}\nprojector: none\n")
    code, said = repository.commit()
    assert (code, outcomes(said)["mkmodelfile test"]) == (1, "Failed"), said
    assert "--update" in said
    update = [sys.executable, "-m", "modelfile_kit", "test", "--micro", "--no-tokens", "--update"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(update, cwd=repository.folder, check=True, capture_output=True, env=environment)
    code, said = repository.commit()
    assert (code, outcomes(said)["mkmodelfile test"]) == (0, "Passed"), said


@pytest.mark.parametrize("installed_here", [True, False] if SOAK else [True])
def test_a_day_with_the_hooks(tmp_path: Path, installed_here: bool) -> None:
    if not installed_here and not has_an_index():
        pytest.skip("no package index is reachable, from which pre-commit installs the kit")
    kit = tmp_path / "kit"
    revision = clone_of_the_kit(kit, installed_here=installed_here)
    a_day_with_the_hooks(Repository(tmp_path / "repository", kit, revision))


def has_an_index() -> bool:
    """Whether pip reaches a package index."""
    line = [sys.executable, "-m", "pip", "index", "versions", "hatchling"]
    return subprocess.run(line, capture_output=True, timeout=120).returncode == 0


def test_the_manifest_is_one() -> None:
    line = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


NAMES = (
    "Modelfile",
    "modelfile.q4",
    "a/b.Modelfile",
    "Modelfile.j2",
    "Modelfile.jinja2",
    "a/chat_template.jinja",
    "chat_template_tools.j2",
    "page.jinja",
    "Modelfile.json",
    "Modelfile~",
    "x/Modelfile.md",
    "aModelfile",
    "Modelfile/x",
    "a/mkmodelfile.yaml",
    "a/template.gotmpl",
    "a/values.yaml.gotmpl",
)
TAKEN = {"mkmodelfile-lint": LINTED, "mkmodelfile-fmt": MODELFILES}


@pytest.mark.parametrize("hook", hooks()[:2], ids=lambda h: h["id"])
@pytest.mark.parametrize("name", NAMES)
def test_the_hooks_take_the_files_that_the_commands_take(hook: dict[str, Any], name: str) -> None:
    """Of a folder, the commands take the same names."""
    taken = re.search(hook["files"], name) and not re.search(hook["exclude"], name)
    expected = Patterns(TAKEN[hook["id"]]).decide(name.split("/"), is_folder=False) is True
    assert bool(taken) is expected
