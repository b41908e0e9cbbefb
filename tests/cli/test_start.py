"""What commands that people run all day may import: a module that is not needed is time that is felt.

Nothing is timed here; `python -m benchmarks start_up` measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.micro import build_model

# Runs a command, then writes the names of all modules that are there to standard error.
RUN = """
import json, sys
before = set(sys.modules)
from modelfile_kit.cli.main import run
code = run(sys.argv[1:])
print("\\0" + json.dumps([code, sorted(set(sys.modules) - before)]), file=sys.stderr)
"""
# Of the standard library, what takes long: networks, processes and their like.
HEAVY = {"asyncio", "concurrent", "email", "http", "multiprocessing", "ssl", "subprocess", "unittest", "xml"}
THIRD = {
    *("PIL", "certifi", "gguf", "httpcore", "httpx", "huggingface_hub", "jinja2", "numpy", "platformdirs"),
    *("pydantic", "pydantic_core", "rich", "tokenizers", "yaml"),
}
FAMILIES = ("modelfile_kit.ollama.parsers.", "modelfile_kit.ollama.renderers.")
ROOMS = {"cli", "core", "report", "sources"}
MODELFILE = """FROM llama3.2
TEMPLATE \"\"\"{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>\"\"\"
PARAMETER stop <|user|>
SYSTEM Be kind.
"""


def imported(arguments: list[str], home: Path) -> set[str]:
    """The names of the modules that a command line imports."""
    # Where the package is comes first, so that what is tested is not another one that is installed.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-c", RUN, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=120)
    code, found = json.loads(ended.stderr.rpartition("\0")[2])
    assert code in (0, 1), ended.stderr
    return set(found)


def of_the_kit(found: set[str]) -> set[str]:
    """The rooms of the kit among modules."""
    return {name.split(".")[1] for name in found if name.startswith("modelfile_kit.")}


def others(found: set[str]) -> set[str]:
    """What of other people's packages, and of the heavy ones of Python's own, is among modules."""
    return {name.split(".")[0] for name in found} & (HEAVY | THIRD)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["lint", "--help"]], ids=" ".join)
def test_help_and_version_import_nothing_that_works(arguments: list[str], tmp_path: Path) -> None:
    found = imported(arguments, tmp_path)
    assert others(found) == set()
    if arguments[0] != "lint":
        assert of_the_kit(found) <= ROOMS


def test_lint_imports_no_compiler_and_no_network(tmp_path: Path) -> None:
    (tmp_path / "Modelfile").write_text(MODELFILE)
    found = imported(["lint", str(tmp_path / "Modelfile")], tmp_path)
    assert others(found) == set()
    assert of_the_kit(found) <= {*ROOMS, "gguf_file", "gotemplate", "lint", "ollama", "project", "prover"}
    assert {name for name in found if name.startswith("modelfile_kit.prover.")} <= {
        "modelfile_kit.prover.refusals"
    }
    # Neither the readers of replies, one for each family, nor the makers of prompts.
    families = {name for name in found if name.startswith(FAMILIES)}
    assert families <= {f"{FAMILIES[0]}go_json", f"{FAMILIES[0]}go_text"}


def test_inspect_imports_what_it_works_with_the_first_time_alone(tmp_path: Path) -> None:
    """What it says of a chat template takes the compiler; it is kept (`cli/inspect_answers.py`)."""
    model = str(build_model(tmp_path / "model.gguf"))
    first = imported(["inspect", model], tmp_path)
    assert others(first) == {"jinja2", "platformdirs", "yaml"}
    # Neither all of lint, nor what makes prompts by RENDERERs, nor the XML that some replies hold.
    parts = {f"modelfile_kit.{name}" for name in ("lint.runner", "ollama.grammar", "ollama.renderer_prompt")}
    assert not {*parts, "modelfile_kit.ollama.parsers.go_xml"} & first
    again = imported(["inspect", model], tmp_path)
    assert others(again) == {"platformdirs"}
    assert of_the_kit(again) <= {*ROOMS, "gguf_file", "ollama"}
    assert {n for n in again if n.startswith("modelfile_kit.ollama.")} <= {
        "modelfile_kit.ollama.releases",
        "modelfile_kit.ollama.versions",
    }
