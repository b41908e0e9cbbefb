"""action.yml: its steps run as GitHub's runner runs them, with inputs as a stranger gives them.

In every run the kit that is installed here takes the place of what `pip install` would bring. With
MKMODELFILE_SOAK=1 the action installs into a clean environment, as on a machine of GitHub.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from modelfile_kit.micro import build_pair
from tests.ci.programs import program
from tests.ci.runner import Run, run_action

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
SCHEMA = ROOT / "tests/report/sarif/sarif-2.1.0-rtm.5.json"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

# In the place of `python`: installs nothing but writes down what was asked for, and has the kit that is here.
STAND_IN = """\
#!/bin/sh
if [ "$1" = -I ]; then shift; fi
if [ "$1 $2 $3" = "-m pip cache" ]; then echo /a/cache; exit 0; fi
if [ "$1 $2" = "-m pip" ]; then printf '%s\\n' "$@" > {asked}; exit 0; fi
PYTHONPATH={root} exec {python} "$@"
"""


class Machine:
    """A machine with a checkout of somebody's repository."""

    def __init__(self, folder: Path, *, clean: bool) -> None:
        self.workspace = folder / "repository"
        self.workspace.mkdir()
        self.asked = folder / "asked"
        programs = folder / "programs"
        if clean:
            subprocess.run([sys.executable, "-m", "venv", programs], check=True)
            programs /= "bin"
        else:
            programs.mkdir()
            python = programs / "python"
            python.write_text(STAND_IN.format(asked=self.asked, root=ROOT, python=sys.executable))
            python.chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy") or k.startswith("PIP_")}
        self.environment = {
            **kept,
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }

    def write(self, name: str, text: str) -> None:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, **given: str) -> Run:
        inputs = {name.replace("_", "-"): value for name, value in given.items()}
        known = {"python": {"python-version": "3.12.1"}}
        return run_action(ROOT, self.workspace, self.environment, inputs, known)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, clean=False)


def findings_in(run: Run) -> list[tuple[str, str, str]]:
    return re.findall(r"^::(error|warning|notice) title=(MK\d+)[^,]*,file=([^,]+),", run.log, re.MULTILINE)


def test_a_sound_repository(machine: Machine) -> None:
    machine.write("Modelfile", "FROM ./not-in-git.gguf\n")
    run = machine.run()
    assert (run.code, findings_in(run), run.output(ACTION, "failed")) == (0, [], "")
    assert "lint: ok" in run.summary
    assert run.used["actions/setup-python@v5"] == {"python-version": "3.12"}
    assert run.used["actions/cache@v4"]["path"] == "/a/cache"
    assert run.used["actions/cache@v4"]["key"].startswith("mkmodelfile-Linux-3.12.1-")
    assert "github/codeql-action/upload-sarif@v3" not in run.used


def a_broken_repository(machine: Machine) -> None:
    """Faults in lint, check and test, each found, and the run red."""
    machine.write("models/Modelfile", "FROM llama3.2\nPARAMETER nope 1\n")
    machine.write("models/odd name.Modelfile", "from llama3.2\n")
    pair = build_pair(machine.workspace / "package")
    machine.write("package/mkmodelfile.yaml", f"name: tiny\nmodel: {pair.model.name}\n")
    machine.write("broken/mkmodelfile.yaml", "name: tiny\nmodle: x.gguf\n")
    run = machine.run(check="package\nbroken\n", test="package", fmt="true", upload_sarif="true")
    assert (run.code, run.output(ACTION, "failed")) == (1, "lint check test"), run.log
    assert ("error", "MK110", "models/Modelfile") in findings_in(run)
    assert ("error", "MK503", "broken/mkmodelfile.yaml") in findings_in(run)
    assert "odd name.Modelfile would change" in run.log
    assert "golden" in run.log
    for head in ("### mkmodelfile lint\n", "### mkmodelfile check-1\n", "### mkmodelfile test\n"):
        assert head in run.summary
    folder = Path(run.output(ACTION, "sarif"))
    assert run.used["github/codeql-action/upload-sarif@v3"] == {"sarif_file": str(folder)}
    files = sorted(folder.glob("*.sarif"))
    assert [file.stem for file in files] == ["check-1", "check-2", "lint", "test"]
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    ids = set()
    for file in files:
        document = json.loads(file.read_text(encoding="utf-8"))
        jsonschema.Draft4Validator(schema).validate(document)
        ids.add(document["runs"][0]["automationDetails"]["id"])
    assert len(ids) == len(files)  # code scanning refuses two of one kind


@pytest.mark.parametrize("clean", [False, True] if SOAK else [False])
def test_a_broken_repository(tmp_path: Path, clean: bool) -> None:
    a_broken_repository(Machine(tmp_path, clean=clean))


def test_the_inputs_of_lint(machine: Machine) -> None:
    machine.write("a/Modelfile", "FROM llama3.2\nPARAMETER nope 1\nPARAMETER top_p 9\n")
    machine.write("b/Modelfile", "FROM ./missing.gguf\n")
    codes = [code for _, code, _ in findings_in(machine.run(lint="a\n\nb\n", files="true"))]
    assert codes == ["MK110", "MK125", "MK430"]
    assert [code for _, code, _ in findings_in(machine.run(select="MK12", ignore="MK110"))] == ["MK125"]
    assert machine.run(ignore="MK110", fail_on="error").code == 0
    assert machine.run(baseline="none.json").code == 2
    assert machine.run(lint="").code == 0
    assert machine.run(lint="a folder that is not there").code == 2


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, str(ROOT)),
        ({"extras": "align"}, f"{ROOT}[align]"),
        ({"version": "0.1.0"}, "modelfile-kit==0.1.0"),
        ({"version": "0.1.0", "extras": "hub,align"}, "modelfile-kit[hub,align]==0.1.0"),
    ],
)
def test_what_is_installed(machine: Machine, given: dict[str, str], asked: str) -> None:
    machine.write("Modelfile", "FROM llama3.2\n")
    assert machine.run(**given).code == 0
    assert machine.asked.read_text().splitlines()[-1] == asked


EVIL = "$(touch owned)\n`touch owned`\n\"; touch owned; \"\n'; touch owned; '\n--config=evil\ntouch owned"
OF_PIP = ("version", "extras")


@pytest.mark.parametrize(
    "names", [*((n,) for n in OF_PIP), set(ACTION["inputs"]) - {*OF_PIP, "fmt", "micro"}]
)
def test_no_input_is_run(machine: Machine, names: list[str]) -> None:
    """Whatever an input holds, it is a value: never a command, never another option."""
    machine.write("Modelfile", "FROM llama3.2\nPARAMETER nope 1\n")
    machine.write("evil", '[lint]\nignore = ["MK"]\n')
    run = machine.run(**{name.replace("-", "_"): EVIL for name in names})
    assert sorted(p.name for p in machine.workspace.iterdir()) == ["Modelfile", "evil"]
    assert run.code == 2
    assert "Traceback" not in run.log


def test_a_name_is_never_an_option(machine: Machine) -> None:
    machine.write("Modelfile", "FROM llama3.2\nPARAMETER nope 1\n")
    machine.write("evil", '[lint]\nignore = ["MK"]\n')
    machine.write("--config=evil", "FROM llama3.2\n")
    run = machine.run(lint="--config=evil\nModelfile")
    assert [code for _, code, _ in findings_in(run)] == ["MK110"]


def test_no_shell_text_holds_an_expression() -> None:
    assert [step["name"] for step in STEPS if "${{" in step.get("run", "")] == []
    assert all(step["shell"] == "bash" for step in STEPS if "run" in step)


def test_nothing_is_imported_from_the_repository() -> None:
    """`python -m` imports from the current folder, where a stranger's branch is; `-I` does not."""
    calls = [
        line for step in STEPS for line in step.get("run", "").splitlines() if re.search(r"\bpython\b ", line)
    ]
    assert len(calls) >= 6
    assert [line for line in calls if "python -I" not in line] == []


def test_what_it_says_of_itself() -> None:
    assert all(about["description"] and "default" in about for about in ACTION["inputs"].values())
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(ACTION["inputs"])


@pytest.mark.parametrize("step", [s for s in STEPS if "run" in s], ids=lambda s: s["name"])
def test_shellcheck_finds_nothing(step: dict[str, Any]) -> None:
    line = [program("shellcheck"), "--shell=bash", "--severity=style", "-"]
    done = subprocess.run(line, input=step["run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
