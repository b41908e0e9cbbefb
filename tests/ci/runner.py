"""Runs a composite action as a runner of GitHub does, as far as action.yml needs it.

Written from "Metadata syntax", "Contexts" and "Workflow commands" of GitHub's documentation. Steps with
`uses` are not run; what they would give to later steps is an argument. An expression that is not understood
is an error.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_Outputs = Mapping[str, Mapping[str, str]]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Run:
    """What a run of the action left: outputs by step, the summary, the log, how it ended.

    used: the steps with `uses` that a runner would have run, with their `with`.
    """

    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    log: str = ""
    code: int = 0
    used: dict[str, dict[str, str]] = field(default_factory=dict)

    def output(self, action: Mapping[str, Any], name: str) -> str:
        """An output of the action itself."""
        return evaluate(action["outputs"][name]["value"], {}, self.outputs)


def evaluate(text: str, inputs: Mapping[str, str], steps: _Outputs) -> str:
    """A text with its expressions replaced."""
    return _EXPRESSION.sub(lambda found: _value(found[1], inputs, steps), text)


def _value(expression: str, inputs: Mapping[str, str], steps: _Outputs) -> str:
    kind, *rest = expression.split(".")
    if kind == "inputs" and len(rest) == 1:
        return inputs[rest[0]]
    if kind == "steps" and len(rest) == 3 and rest[1] == "outputs":
        return steps.get(rest[0], {}).get(rest[2], "")
    if expression == "runner.os":
        return "Linux"
    raise AssertionError(f"an expression that the runner of these tests does not know: {expression}")


def _holds(condition: str, inputs: Mapping[str, str], steps: _Outputs, failed: bool) -> bool:
    """An `if`: comparisons with `&&`. Without a status function, a step runs only after success."""
    body = _EXPRESSION.fullmatch(condition.strip())
    assert body, condition
    parts = [part.strip() for part in body[1].split("&&")]
    if "!cancelled()" in parts:
        parts.remove("!cancelled()")
    elif failed:
        return False
    for part in parts:
        found = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part)
        assert found, part
        same = _value(found[1], inputs, steps) == found[3]
        if same is not (found[2] == "=="):
            return False
    return True


def run_action(
    folder: Path,
    workspace: Path,
    environment: Mapping[str, str],
    given: Mapping[str, str],
    known: Mapping[str, Mapping[str, str]],
) -> Run:
    """Runs the action of a folder in a workspace.

    environment: of the machine, such as PATH; given: its `with`; known: outputs of steps with `uses`, by id.
    """
    action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    assert set(given) <= set(action["inputs"]), "an input that the action does not have"
    inputs = {name: str(about.get("default", "")) for name, about in action["inputs"].items()} | dict(given)
    temp = workspace.parent / "temp"
    temp.mkdir(exist_ok=True)
    run = Run({name: dict(outputs) for name, outputs in known.items()})
    for number, step in enumerate(action["runs"]["steps"]):
        if "if" in step and not _holds(step["if"], inputs, run.outputs, run.code != 0):
            continue
        if "if" not in step and run.code:
            continue
        if "uses" in step:
            values = {k: evaluate(str(v), inputs, run.outputs) for k, v in step.get("with", {}).items()}
            run.used[step["uses"]] = values
            continue
        assert step["shell"] == "bash"
        script, output, summary = (temp / f"{name}-{number}" for name in ("script", "output", "summary"))
        script.write_text(step["run"], encoding="utf-8")
        output.touch()
        summary.touch()
        variables = {key: evaluate(str(v), inputs, run.outputs) for key, v in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # as `shell: bash` is
            cwd=workspace,
            env={
                **environment,
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_ACTION_PATH": str(folder),
                "GITHUB_WORKSPACE": str(workspace),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(temp),
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=600,
            stdin=subprocess.DEVNULL,
        )
        run.log += done.stdout + done.stderr
        run.summary += summary.read_text(encoding="utf-8")
        pairs = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
        run.outputs.setdefault(step.get("id", f"step-{number}"), {}).update({k: v for k, _, v in pairs})
        run.code = run.code or done.returncode
    return run
