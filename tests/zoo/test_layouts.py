"""inspect, init, build and lint on every layout: one answer, the right projector, the right exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import cli
from modelfile_kit.core.diagnostics import has_errors
from modelfile_kit.core.errors import PackageError

from .layouts import LAYOUTS, Layout


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def codes(report: dict[str, Any]) -> set[str]:
    found = [*report["diagnostics"], *(d for case in report["cases"] for d in case["diagnostics"])]
    return {d["code"] for d in found if d["severity"] != "info"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_command_says_the_same(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    layout.write(tmp_path / "files")
    model = tmp_path / "files" / layout.model
    # of a projector that does not fit, the model's own file is not at fault
    unsound = layout.refused and name != "another width"

    inspected = run("inspect", model, "--format", "json")
    assert inspected.exit_code == (1 if unsound else 0), inspected.output
    assert layout.codes <= codes(json.loads(inspected.stdout))

    package = tmp_path / "package" / "mkmodelfile.yaml"
    package.parent.mkdir()
    started = run("init", model, "-o", package)
    assert started.exit_code == (1 if layout.refused else 0), started.output
    assert all(code in started.output for code in layout.codes)
    assert package.exists() is not unsound

    package.write_text(f"name: zoo\nmodel: {model}\n", encoding="utf-8")
    check_build(layout, package, tmp_path)
    if unsound:
        (package.parent / "Modelfile").write_text(f"FROM {model}\n")
        linted = run("lint", package.parent / "Modelfile")
        assert linted.exit_code == 1
        assert all(code in linted.output for code in layout.codes)


def check_build(layout: Layout, package: Path, folder: Path) -> None:
    if layout.refused:
        with pytest.raises(PackageError) as caught:
            build(package, folder / "out")
        assert layout.codes <= {d.code for d in caught.value.diagnostics}
        assert not (folder / "out").exists()
        return
    built = build(package, folder / "out")
    files = folder / "files"
    named = [layout.model, *layout.parts, *([layout.projector] if layout.projector else [])]
    froms = [str(files / name) for name in named]
    lines = built.path.read_text(encoding="utf-8").splitlines()
    assert [line.removeprefix("FROM ") for line in lines if line.startswith("FROM ")] == froms
    assert ", ".join(built.files.input) == layout.input
    found = {d.code for d in built.files.diagnostics if str(d.severity) == "warning"}
    assert found - {"MK409", "MK411", "MK414"} == layout.codes  # its vocabulary has no marks
    assert not has_errors(built.diagnostics)
    linted = run("lint", folder / "out" / "Modelfile")
    assert linted.exit_code == (1 if found & {"MK411", "MK436"} else 0), linted.output


def test_inspect_says_what_goes_in(tmp_path: Path) -> None:
    LAYOUTS["audio"].write(tmp_path)
    projector = run("inspect", tmp_path / LAYOUTS["audio"].projector)
    assert "input          audio" in projector.output
    pair = run("inspect", tmp_path / LAYOUTS["audio"].model, tmp_path / LAYOUTS["audio"].projector)
    assert pair.exit_code == 0
    assert "the projector fits the model; input: text, audio" in pair.output
    files = [tmp_path / LAYOUTS["audio"].model, tmp_path / LAYOUTS["audio"].projector]
    report = json.loads(run("inspect", *files, "--format", "json").stdout)
    assert report["facts"] == {"input": ["text", "audio"]}
    assert [case["data"]["input"] for case in report["cases"]] == [["text"], ["audio"]]
