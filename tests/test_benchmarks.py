"""The command that runs every benchmark: what it runs, and where it writes. No benchmark is run here."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.__main__ import BENCHMARKS, Benchmark, block, placed

FOLDER = Path(command.__file__).parent
README = command.README.read_text(encoding="utf-8")
NAMES = [benchmark.name for benchmark in BENCHMARKS]
NOTHING = argparse.Namespace(corpus=None, scanners=None, peers=None, print=False, names=[])


def test_every_script_is_run() -> None:
    scripts = {p.stem for p in FOLDER.glob("*.py")} - {"__init__", "__main__"}
    assert set(NAMES) == scripts
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_script_can_be_run_and_is_told_of(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert any(isinstance(n, ast.If) and "__main__" in ast.unparse(n.test) for n in tree.body)
    assert len(re.findall(rf"^\| `{name}\.py` \|", README, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_its_table_has_one_place(name: str) -> None:
    page = placed(README, name, "what was measured")
    [found] = re.findall(rf"<!-- {name} -->\nwhat was measured\n<!-- end -->", page)
    assert found
    others = [other for other in NAMES if other != name]
    assert all(page.count(f"<!-- {other} -->") == 1 for other in others)


def test_a_page_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 places for lint"):
        placed("<!-- lin -->\n<!-- end -->", "lint", "")


def test_a_table_stays_one_and_anything_else_is_text() -> None:
    assert block("Today.", "| a |\n| --- |\n") == "Today.\n\n| a |\n| --- |"
    assert block("Today.", "a   \n b\n") == "Today.\n\n```text\na\n b\n```"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    monkeypatch.delenv("OLLAMA_BIN", raising=False)
    needs = Benchmark("corpus", ("go", "ollama", "corpus", "scanners"))
    assert command.missing(needs, NOTHING) == "go, ollama, corpus, scanners"
    monkeypatch.setenv("OLLAMA_BIN", "/bin/ollama")
    given = argparse.Namespace(corpus=Path("c"), scanners="python", peers=None)
    assert command.missing(needs, given) == "go"


def test_what_is_left_out_leaves_the_page_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    assert command.main(["templates"]) == 1
    assert "templates: left out, needs go, corpus" in capsys.readouterr().err
    assert command.README.read_text(encoding="utf-8") == README


def test_a_run_writes_what_was_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- lint -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(command, "README", page)
    monkeypatch.setattr(command, "command", lambda *_: [sys.executable, "-c", "print('| a |')"])
    assert command.main(["lint"]) == 0
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n<!-- lint -->\n")
    assert written.endswith("\n\n| a |\n<!-- end -->\nafter\n")
    assert "click 8" in written
    monkeypatch.setattr(command, "command", lambda *_: [sys.executable, "-c", ""])
    assert command.main(["lint"]) == 1
    assert page.read_text(encoding="utf-8") == written


def test_a_name_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["lin"])
    assert "no benchmark is called lin" in capsys.readouterr().err
