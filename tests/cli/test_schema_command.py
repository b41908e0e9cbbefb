"""The JSON Schema as it is printed, and what its address is in the files that `init` writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from modelfile_kit.package.package import load_package

ROOT = Path(__file__).parents[2]


@pytest.fixture
def schema(mkmodelfile) -> dict:
    done = mkmodelfile("schema")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_it_is_a_schema_that_judges_as_the_kit_does(schema, package) -> None:
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in (*ROOT.glob("examples/*/mkmodelfile.yaml"), package / "mkmodelfile.yaml"):
        assert list(validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))) == []
    for wrong in ({"name": "a"}, {"name": "a", "model": 3}, {"name": "a", "model": "b", "modle": "c"}):
        assert list(validator.iter_errors(wrong))


def test_the_first_line_of_a_new_package_file_names_it(schema, mkmodelfile, package) -> None:
    (package / "mkmodelfile.yaml").unlink()
    assert mkmodelfile("init", package / "micro-glm4v.gguf").code == 0
    first, _, rest = (package / "mkmodelfile.yaml").read_text(encoding="utf-8").partition("\n")
    assert first == f"# yaml-language-server: $schema={schema['$id']}"
    assert rest.startswith("name: ") and load_package(package).name
    # the address is that of a file of the repository
    owner, kit, branch, *path = schema["$id"].removeprefix("https://raw.githubusercontent.com/").split("/")
    assert (owner, kit, branch) == ("modelfile-kit", "modelfile-kit", "main")
    assert json.loads(ROOT.joinpath(*path).read_text(encoding="utf-8")) == schema


def test_a_modelfile_becomes_a_package_with_it_too(mkmodelfile, package) -> None:
    (package / "mkmodelfile.yaml").unlink()
    (package / "Modelfile").write_text("FROM ./micro-glm4v.gguf\n")
    mkmodelfile("init", package / "Modelfile")
    lines = (package / "mkmodelfile.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# yaml-language-server: $schema=https://")
    assert lines[1].startswith("# made of Modelfile")


def test_it_is_quickly_there() -> None:
    """Nothing of lint, the compiler or llama.cpp is loaded for it."""
    code = (
        "import sys; from modelfile_kit.cli.main import run; run(['schema']);"
        "names = {m.split('.')[1] for m in sys.modules if m.startswith('modelfile_kit.')};"
        "print(*names, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    used = {"cli", "core", "gguf_file", "gotemplate", "ollama", "package", "report", "sources"}
    assert set(done.stderr.split()) <= used
