"""SARIF reports against the schema of SARIF 2.1.0 (sarif/README.md names its source)."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from modelfile_kit.core import codes
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.report import Report, render

SCHEMA = Path(__file__).parent / "sarif" / "sarif-2.1.0-rtm.5.json"
BAD = "FROM /m.gguf\nPARAMETER top_p 9\nPARAMETER mmproj p\n# mkmodelfile: ignore=MK9\nSYSTEM a\u3000b\n"


@pytest.fixture(scope="module")
def schema():
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def validate(document, schema):
    jsonschema.Draft4Validator(schema).validate(document)


@pytest.mark.parametrize("text", [BAD, "FROM ./m.gguf\n", "FORM x\n"])
def test_is_valid(schema, text):
    found = lint_modelfile(text, file="a b/Modelfile")
    validate(json.loads(render(Report("lint", "x", diagnostics=tuple(found)), "sarif")), schema)


def test_the_schema_refuses_what_is_wrong(schema):
    with pytest.raises(jsonschema.ValidationError):
        validate({"version": "2.1.0", "runs": [{"results": []}]}, schema)


def test_rules_bring_their_documentation():
    found = lint_modelfile(BAD, file="Modelfile")
    run = json.loads(render(Report("lint", "x", diagnostics=tuple(found)), "sarif"))["runs"][0]
    rules = {r["id"]: r for r in run["tool"]["driver"]["rules"]}
    assert {r["ruleId"] for r in run["results"]} == set(rules)
    for code, rule in rules.items():
        assert rule["shortDescription"]["text"] == codes.find(code).title
        assert rule["helpUri"] == codes.help_uri(code)
        assert "# Why it matters" in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert rules["MK113"]["name"] == "parameter-mmproj"
