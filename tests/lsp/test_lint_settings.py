from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelfile_kit.cli.main import cli
from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.languages import MODELFILE, PACKAGE, TEMPLATE
from modelfile_kit.lsp.lint_settings import lint_settings
from modelfile_kit.package.schema import UNKNOWN_KEY

TEXT = 'FROM ./none.gguf\nREQUIRES 0.30.0\nPARAMETER top_p 9\nSYSTEM ""\nTEMPLATE """{{ .Prompt }}\\n"""\n'


def codes(path: Path, target: str = "") -> set[str]:
    return {problem.code for problem in MODELFILE.problems(OpenFile(TEXT, path, target))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that is a repository of its own, so that nothing above it counts."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "old").mkdir()
    return tmp_path


def test_without_a_configuration(project: Path) -> None:
    assert {"MK430", "MK125", "MK122"} <= codes(project / "Modelfile")
    assert lint_settings(OpenFile("", project / "Modelfile")).target == "latest"
    assert lint_settings(OpenFile("", None, "0.30.0")).target == "0.30.0"


def test_the_configuration_counts_as_for_lint(project: Path) -> None:
    (project / "mkmodelfile.toml").write_text(
        'target = "0.12.6"\nexclude = ["gone/"]\n'
        '[lint]\nignore = ["MK125"]\nfiles = false\nmemory = "12GiB"\n'
        '[lint.per-file-ignores]\n"old/" = ["MK122"]\n'
    )
    found = codes(project / "Modelfile")
    assert {"MK116", "MK122"} <= found and not found & {"MK125", "MK430"}
    assert "MK122" not in codes(project / "old" / "Modelfile")
    assert codes(project / "gone" / "Modelfile") == set()
    assert "MK116" not in codes(project / "Modelfile", "0.34.0")  # what the editor says comes first
    assert lint_settings(OpenFile(TEXT, project / "Modelfile")).memory == 12 << 30
    left_out = OpenFile(TEXT, project / "gone" / "Modelfile")
    assert MODELFILE.fixes(left_out, (0, len(TEXT))) == [] and MODELFILE.fixed(left_out) is None
    template = OpenFile("{{ .Prompt }}{{ if }}", project / "gone" / "x.gotmpl")
    assert TEMPLATE.problems(template) == []


def test_a_package_file_has_the_settings_of_lint(project: Path) -> None:
    (project / "gone").mkdir()
    text = "name: x\nmodel: m.gguf\nsytem: y\nparameters: {top_p: 9}\n"
    for folder in (project, project / "gone"):
        (folder / "mkmodelfile.yaml").write_text(text)

    def codes_of(folder: str = "") -> tuple[set[str], set[str], bool]:
        """In the editor, of lint, and whether the editor offers a fix."""
        path = project / folder / "mkmodelfile.yaml"
        file = OpenFile(text, path)
        done = CliRunner().invoke(cli, ["lint", "--format", "json", str(project)])
        found = json.loads(done.stdout)["diagnostics"] if done.stdout else []
        of_lint = {d["code"] for d in found if d["span"]["file"] == str(path)}
        fixes = PACKAGE.fixes(file, (0, len(text)))
        return {p.code for p in PACKAGE.problems(file)}, of_lint, bool(fixes)

    known = codes_of()
    assert known == ({UNKNOWN_KEY}, {UNKNOWN_KEY}, True)
    (project / "mkmodelfile.toml").write_text(f'exclude = ["gone/"]\n[lint]\nignore = ["{UNKNOWN_KEY}"]\n')
    assert codes_of() == (set(), set(), False)
    (project / "mkmodelfile.toml").write_text('exclude = ["gone/"]\n')
    (project / "gone" / "mkmodelfile.toml").write_text('target = "0.30"\n')  # nearer, and excludes nothing
    assert codes_of("gone") == (set(), set(), False)


def test_an_ignored_finding_is_not_fixed(project: Path) -> None:
    file = OpenFile(TEXT, project / "Modelfile")
    end = len(TEXT)
    assert "MK122" in [fix.code for fix in MODELFILE.fixes(file, (0, end))]
    (project / "mkmodelfile.toml").write_text('[lint]\nignore = ["MK"]\n')
    assert MODELFILE.fixes(file, (0, end)) == [] and MODELFILE.fixed(file) is None


@pytest.mark.parametrize(
    "text",
    [
        "target = 3\n",
        'target = "x"\n',
        '[lint]\nselect = ["nothing"]\n',
        '[lint]\nmemory = "lots"\n',
        '[lint]\nmemory = "12"\n',
        "\0",
    ],
)
def test_a_configuration_with_a_fault_is_told_and_does_not_count(project: Path, text: str) -> None:
    (project / "mkmodelfile.toml").write_text(text)
    problems = MODELFILE.problems(OpenFile(TEXT, project / "Modelfile"))
    assert problems[0].code == "MK907" and "mkmodelfile.toml" in problems[0].message
    assert {"MK430", "MK125"} <= {problem.code for problem in problems}
