"""docs/ci.md: every command on it is typed, every file for a service is read and its commands are run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.ci.runner import run_action

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


def file(language: str, name: str) -> str:
    """The block that says that it is this file."""
    [text] = [text for kind, text in BLOCKS if kind == language and text.splitlines()[0][2:].strip() == name]
    return text


def typed() -> str:
    """The commands, one after the other; where one has `# exit N`, it has to end so."""
    lines = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    checked = r"code=0; \1 || code=$?; test $code -eq \2 || exit 99"
    return "\n".join(["set -eu", *(re.sub(r"^(.*\S)\s+# exit (\d+)$", checked, line) for line in lines)])


def program(folder: Path, name: str, line: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{line}\n")
    (folder / name).chmod(0o755)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell that has the kit, and a pip that installs nothing."""
    programs = tmp_path_factory.mktemp("programs")
    program(programs, "mkmodelfile", f'PYTHONPATH={ROOT} exec {sys.executable} -m modelfile_kit "$@"')
    program(programs, "pip", 'echo pip "$@"')
    stand_in = 'if [ "$1" = -I ]; then shift; fi\nif [ "$1 $2" = "-m pip" ]; then exit 0; fi\n'
    program(programs, "python", f'{stand_in}PYTHONPATH={ROOT} exec {sys.executable} "$@"')
    return {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(programs), "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def broken(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the page's commands leave."""
    folder = tmp_path_factory.mktemp("reader")
    done = subprocess.run(
        ["bash", "-c", typed()], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "MK912" in said
    assert "MK110" in said
    return folder / "models"


@pytest.fixture
def repository(broken: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(broken, tmp_path / "repository"))


def run(line: str, folder: Path, environment: dict[str, str]) -> int:
    return subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True).returncode


def test_the_commands_of_the_page(broken: Path) -> None:
    assert (broken / "my-model/golden/question.prompt").read_bytes().endswith(b"<|assistant|>\n")
    assert "exit 99" in typed()


def test_the_workflow_of_github(repository: Path, environment: dict[str, str]) -> None:
    workflow = yaml.safe_load(file("yaml", ".github/workflows/models.yml"))
    steps = workflow["jobs"]["models"]["steps"]
    assert steps[-1]["uses"].startswith("modelfile-kit/modelfile-kit@")
    done = run_action(ROOT, repository, environment, steps[-1]["with"], {})
    assert done.code == 1
    assert "::error title=MK110 unknown-parameter,file=Modelfile,line=3" in done.log
    assert "title=MK912" in done.log


def test_what_is_said_of_the_time_before_a_release() -> None:
    """It is true until CHANGELOG.md has a release with a date, and then has to go."""
    heads = re.findall(r"^## .*", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    released = any("unreleased" not in head for head in heads)
    for name, words in (
        ("README.md", "Nothing is on PyPI yet"),
        ("README.zh-CN.md", "目前还没有发布到 PyPI"),
        ("docs/index.md", "Nothing is on PyPI yet"),
        ("docs/tutorial.md", "There is no release yet"),
        ("docs/ci.md", "There is no release yet"),
    ):
        assert (words in (ROOT / name).read_text(encoding="utf-8")) is not released, name


def test_the_inputs_of_the_action_are_all_there() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    named = {name: default for names, default in rows for name in re.findall(r"`([a-z-]+)`", names)}
    assert set(named) == set(action["inputs"])
    for name, about in action["inputs"].items():
        assert str(about["default"]) in named[name].replace("`", "")


def test_the_file_for_gitlab(repository: Path, environment: dict[str, str]) -> None:
    jobs: dict[str, Any] = yaml.safe_load(file("yaml", ".gitlab-ci.yml"))
    base = jobs.pop(".mkmodelfile")
    assert sorted(jobs) == ["lint-models", "test-models"]
    for job in jobs.values():
        assert job["extends"] == ".mkmodelfile"
        lines = [*base["before_script"], *job["script"]]
        assert run("set -e\n" + "\n".join(lines), repository, environment) == 1
        assert job["artifacts"]["when"] == "always"
        for name in job["artifacts"]["reports"].values():
            assert (repository / name).is_file()
    found = json.loads((repository / "lint.json").read_text())
    assert [(f["check_name"], f["location"]["path"]) for f in found] == [("MK110", "Modelfile")]
    [suite] = ElementTree.parse(repository / "test.xml").getroot()
    assert int(suite.get("failures", "0")) > 3


def test_the_file_for_jenkins(repository: Path, environment: dict[str, str]) -> None:
    text = file("groovy", "Jenkinsfile")
    assert text.count("{") == text.count("}")
    lines = re.findall(r"sh '([^']+)'", text)
    assert [line for line in lines if "venv" not in line] == []
    program(repository / ".venv/bin", "mkmodelfile", 'exec mkmodelfile "$@"')
    assert [run(line, repository, environment) for line in lines[2:]] == [1, 1]
    for name in re.search(r"junit '([^']+)'", text)[1].split(", "):
        assert ElementTree.parse(repository / name).getroot().tag == "testsuites"


def test_the_configuration_of_pre_commit() -> None:
    [repository] = yaml.safe_load(file("yaml", ".pre-commit-config.yaml"))["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in hooks]
    for hook in hooks:
        assert f"`{hook['id']}` has `args: [" in PAGE or "args" not in hook or f"`{hook['id']}` `args" in PAGE
