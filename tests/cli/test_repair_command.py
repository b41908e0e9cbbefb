"""Several models at once: what one of them does is no matter of the others."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.cli import repair_command
from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.repair import Repaired
from modelfile_kit.publish.repair_plan import CANNOT, Change, RepairPlan
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.verify import VerifyReport
from tests.variant_files import write_variants

CHANGES = (Change("TEMPLATE", "old", "new", "is wrong"), Change("PARSER", "", "qwen3", "reads the calls"))


class FakeServer:
    names = (
        "bad:latest",
        "broken:latest",
        "embed:latest",
        "good:q4",
        "good:q4-previous",
        "m:mkmodelfile-" + "0" * 12,
    )

    def __init__(self, host: str | None) -> None:
        self.host = host

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def models(self) -> list[dict[str, Any]]:
        now = datetime.now(timezone.utc)
        return [{"model": name, "digest": name, "modified_at": now} for name in self.names]


FILES: dict[str, Any] = {}
"""The files that a plan was made with, by the model's name."""


@pytest.fixture
def repaired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []

    def plan(_server: Any, name: str, **files: Any) -> RepairPlan:
        FILES[name] = files
        if name.startswith("embed"):
            raise ServerError("it is no chat model", help="nothing is to be done", code=CANNOT)
        if name.startswith("broken"):
            raise ServerError("the server's disk is full", code="MK811")
        served = ServedModel.from_show(name, {})
        changes = () if name.startswith("good") else CHANGES
        return RepairPlan(served, "0.34.4", changes, why="all is exact")

    def change(_server: Any, plan: RepairPlan, **_: Any) -> Repaired:
        name = plan.served.name
        done.append(name)
        return Repaired(
            name,
            f"{name}-before-repair",
            "1",
            VerifyReport(name, "http://box", "0.34.4", native=False, checks=()),
        )

    monkeypatch.setattr(repair_command, "OllamaServer", FakeServer)
    monkeypatch.setattr(repair_command, "plan_repair", plan)
    monkeypatch.setattr(repair_command, "repair", change)
    return done


def cases(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    found = json.loads(capsys.readouterr().out)
    return {case["name"]: (case["status"], case["summary"]) for case in found["cases"]}


def test_one_that_fails_does_not_keep_the_others_from_it(repaired: list[str], capsys: Any) -> None:
    names = ["broken", "ollama://bad", "embed", "bad", "good:q4"]
    assert run(["repair", *names, "--yes", "--format", "json"]) == 1
    assert repaired == ["bad"]
    found = cases(capsys)
    assert list(found) == ["broken", "bad", "embed", "good:q4"]
    assert found["bad"] == ("passed", "repaired: TEMPLATE, PARSER; the old model is bad-before-repair")
    assert found["broken"] == ("failed", "the server's disk is full")
    assert found["embed"] == ("failed", "it is no chat model")
    assert found["good:q4"] == ("passed", "is right already: all is exact")


def test_all_passes_over_what_is_kept_and_what_cannot_be_repaired(repaired: list[str], capsys: Any) -> None:
    assert run(["repair", "--all", "--yes", "--format", "json"]) == 1
    found = cases(capsys)
    assert list(found) == ["bad:latest", "broken:latest", "embed:latest", "good:q4"]
    assert found["embed:latest"] == ("skipped", "it is no chat model")
    assert repaired == ["bad:latest"]


def test_a_dry_run_of_several_shows_every_change(repaired: list[str], capsys: Any) -> None:
    assert run(["repair", "bad", "good:q4", "--dry-run"]) == 0
    seen = capsys.readouterr()
    assert repaired == []
    assert "TEMPLATE of bad: is wrong" in seen.out
    assert "bad would be changed: TEMPLATE, PARSER" in seen.err
    assert "repair 2 models: 1 of 2 is right already" in seen.out
    # the last line is the same without --dry-run
    assert seen.err.endswith("nothing was changed (--dry-run)\nnext: mkmodelfile repair bad good:q4\n")


def test_nothing_is_changed_unasked(repaired: list[str], capsys: Any) -> None:
    assert run(["repair", "bad", "good:q4"]) == 2
    assert repaired == []
    assert "mkmodelfile repair bad --yes" in capsys.readouterr().err


def test_the_models_of_a_package(repaired: list[str], tmp_path: Path) -> None:
    pair = write_variants(tmp_path / "p", ["Q8_0", "Q4_K_M"])
    package = str(tmp_path / "p")
    assert run(["repair", package, "--variant", "q4_k_m", "--yes"]) == 0
    assert repaired == ["m:q4_k_m"]
    assert FILES["m:q4_k_m"] == {"model": tmp_path / "p" / "M-Q4_K_M.gguf", "projector": pair.projector}
    assert run(["repair", package, "--yes"]) == 0
    assert repaired[1:] == ["m:q8_0", "m", "m:q4_k_m"]
    (tmp_path / "p" / "M-Q4_K_M.gguf").unlink()
    assert run(["repair", package, "--variant", "q4_k_m", "--yes"]) != 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bad", "--variant", "q8_0"], "--variant is for a package"),
        ([], "name the models, or give --all"),
        (["m", "--all"], "--all takes no names"),
        (["a", "b", "--model", "a.gguf"], "name that one alone"),
        (["--all", "--model", "a.gguf"], "name that one alone"),
        (["a:b:c"], "MK508"),
        (["ollama://"], "MK508"),
    ],
)
def test_wrong_usage(repaired: list[str], arguments: list[str], words: str, capsys: Any) -> None:
    assert run(["repair", *arguments]) == 2
    assert words in capsys.readouterr().err
