"""The plugin in a pytest of its own: silent until asked, then one test for each conversation."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair
from modelfile_kit.testing.pytest_items import LEFT_OVER
from tests.variant_files import write_variants

PLUGIN = "modelfile_kit.testing.pytest_plugin"
CONVERSATIONS = """[
 {"id": "hello", "messages": [{"role": "user", "content": "Hi"}]},
 {"id": "again", "messages": [{"role": "user", "content": "Hi \\nyou"}]}
]"""


@pytest.fixture
def package(tmp_path):
    """A folder with one package, whose golden files are written."""
    folder = tmp_path / "tiny"
    build_pair(folder)
    (folder / "golden").mkdir()
    (folder / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\ntests: golden/\n")
    (folder / "golden" / "conversations.json").write_text(CONVERSATIONS)
    return folder


@pytest.fixture
def run(tmp_path):
    """`pytest` in the folder of the package; outcomes and output."""

    def call(*arguments, ini=""):
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "-v", *arguments],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        found = re.findall(r"mkmodelfile\.yaml::(.+?) (PASSED|FAILED|SKIPPED)", done.stdout)
        return dict(found), done

    return call


def test_nothing_is_collected_unasked(package, run):
    outcomes, done = run()
    assert outcomes == {}
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_written_then_compared(package, run):
    # the first run has nothing to compare with
    outcomes, done = run("--mkmodelfile")
    assert outcomes == {"hello": "FAILED", "again": "FAILED", LEFT_OVER: "PASSED"}
    assert "MK910" in done.stdout
    assert "Traceback" not in done.stdout

    outcomes, _ = run("--mkmodelfile", "--mkmodelfile-update")
    assert set(outcomes.values()) == {"PASSED"}
    assert "Hi" in (package / "golden" / "hello.prompt").read_text()

    prompt = package / "golden" / "again.prompt"
    prompt.write_text(prompt.read_text().replace("Hi \n", "Hi\n"))
    (package / "golden" / "gone.prompt").write_text("x")
    outcomes, done = run(ini="mkmodelfile = true")
    assert outcomes == {"hello": "PASSED", "again": "FAILED", LEFT_OVER: "FAILED"}
    assert re.search(r"\+.*Hi·⏎", done.stdout)
    assert "no conversation has this id any more" in done.stdout


def test_a_package_whose_model_is_not_at_hand(package, run):
    for file in package.glob("*.gguf"):
        file.unlink()
    outcomes, done = run("--mkmodelfile")
    assert outcomes == {"build": "FAILED"}
    assert "mkmodelfile.yaml:2:8: error MK430" in done.stdout
    outcomes, _ = run("--mkmodelfile-update", ini="mkmodelfile = true\nmkmodelfile_micro = true")
    assert outcomes == {"hello": "PASSED", "again": "PASSED", LEFT_OVER: "PASSED"}


def test_the_plugin_costs_nothing_where_nobody_asks():
    code = (
        f"import sys, pytest; before = set(sys.modules); import {PLUGIN}; print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {m.partition(".")[0] for m in done.stdout.split()} <= sys.stdlib_module_names | {"modelfile_kit"}


def test_the_package_says_that_it_has_a_plugin():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'[project.entry-points.pytest11]\nmkmodelfile = "{PLUGIN}"' in text


def test_variants_with_the_same_prompts_are_compared_once(tmp_path, run):
    write_variants(tmp_path / "p", ["Q8_0", "Q4_K_M"])
    (tmp_path / "p" / "golden").mkdir()
    (tmp_path / "p" / "golden" / "conversations.json").write_text(CONVERSATIONS)
    outcomes, done = run("--mkmodelfile-update", "--mkmodelfile", "p")
    names = {"q8_0/hello", "q8_0/again", "q4_k_m/build", LEFT_OVER}
    assert outcomes == dict.fromkeys(names, "PASSED"), done.stdout
    (tmp_path / "p" / "M-Q4_K_M.gguf").unlink()
    outcomes, done = run("--mkmodelfile", "p")
    assert outcomes["q4_k_m/build"] == "FAILED"
    assert outcomes["q8_0/hello"] == "PASSED"
    assert "MK430" in done.stdout
