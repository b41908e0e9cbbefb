"""doctor: 0 for a sound environment, 1 for findings about a package or text, 2 for a broken environment."""

import json

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.report.model import Case, Status


@pytest.fixture
def environment(monkeypatch):
    """What is found out about the environment; looking for real is another test's subject."""
    cases = [Case("Python", Status.PASSED, "3.11"), Case("Go", Status.SKIPPED, "not there")]
    monkeypatch.setattr("modelfile_kit.cli.doctor_command.examine", lambda host: tuple(cases))
    return cases


def test_a_sound_environment(mkmodelfile, environment):
    done = mkmodelfile("doctor")
    assert done.code == 0
    assert "✓ Python  3.11" in done.out
    assert "- Go  not there" in done.out


def test_a_broken_one(mkmodelfile, environment):
    finding = Diagnostic("MK905", Severity.ERROR, "cache: cannot be written", help="make it writable")
    environment.append(Case("cache", Status.FAILED, "does not work", diagnostics=(finding,)))
    done = mkmodelfile("doctor")
    assert done.code == 2
    assert "help: make it writable" in done.out


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
def test_as_json(mkmodelfile, environment, option):
    data = json.loads(mkmodelfile("doctor", *option).out)
    assert [(c["name"], c["status"]) for c in data["cases"]] == [("Python", "passed"), ("Go", "skipped")]


def test_a_package(mkmodelfile, environment, package):
    assert mkmodelfile("doctor", package).code == 0
    (package / "micro-glm4v.gguf").unlink()
    done = mkmodelfile("doctor", package)
    assert done.code == 1
    assert "mkmodelfile.yaml:2:" in done.out
    assert "✓ Python" in done.out


def test_an_error_text(mkmodelfile):
    done = mkmodelfile("doctor", "dial tcp 127.0.0.1:11434: connect: connection refused")
    assert done.code == 1
    assert "MK802" in done.out
    piped = mkmodelfile("doctor", "-", stdin=b"some lines\nconnection refused\n")
    assert (piped.code, "MK802" in piped.out) == (1, True)


def test_a_text_that_nobody_knows(mkmodelfile):
    done = mkmodelfile("doctor", "it is all wrong")
    assert done.code == 1
    assert "MK906" in done.out


def test_a_mistyped_folder_is_named(mkmodelfile):
    done = mkmodelfile("doctor", "my-pakcage")
    assert done.code == 1
    assert "'my-pakcage' is neither a file or folder nor an error text" in done.out


def test_a_package_that_was_not_found_is_no_error_text(mkmodelfile):
    done = mkmodelfile("doctor", "absent/package")
    assert (done.code, done.out) == (2, "")
    assert "absent/package: error MK901 usage: no such file or folder" in done.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("--draft-quantize requires a DRAFT model", "MK810"),
        ("- no idea --what this is", "MK906"),
        ('{"error":"unauthorized","signin_url":"https://ollama.com/connect"}', "MK861"),
        ('{"error":"nobody/knows"}', "MK906"),
        ("chat/template:undefined_renderer", "MK901"),
    ],
)
def test_a_text_that_looks_like_an_option_or_a_path(mkmodelfile, text, code):
    done = mkmodelfile("doctor", text)
    assert (done.code, code in done.out + done.err) == (2 if code == "MK901" else 1, True)


def test_options_beside_a_text_that_begins_with_a_dash(mkmodelfile):
    done = mkmodelfile("doctor", "--draft-quantize requires a DRAFT model", "--format", "json")
    assert json.loads(done.out)["diagnostics"][0]["code"] == "MK810"
    assert mkmodelfile("doctor", "--nothing").code == 2
