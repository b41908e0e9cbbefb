"""A success is told in three lines, and -v tells the rest; every command with --report writes its reports."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import click
import pytest

from modelfile_kit.cli import serve_command, verify_command
from modelfile_kit.cli.main import _COMMANDS, cli
from modelfile_kit.cli.progress import MARK
from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.publish.subject import Check
from modelfile_kit.publish.verify import VerifyReport
from modelfile_kit.report import Case, Report, Status
from tests.publish.fake_ollama import FakeOllama
from tests.variant_files import write_variants


def lines(done) -> list[str]:
    """What a success says, in whatever time."""
    assert done.code == 0, done.err
    return [line for line in (*done.err.splitlines(), *done.out.splitlines()) if not line.startswith(MARK)]


def told(done) -> list[str]:
    """The same without the hint on what to run next."""
    return [line for line in lines(done) if not line.startswith("next: ")]


def test_init_build_check_and_publish(package, mkmodelfile, httpserver, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    host = FakeOllama(httpserver).url
    (package / "mkmodelfile.yaml").unlink()
    assert told(mkmodelfile("init", "micro-glm4v.gguf")) == [
        "micro-glm4v.gguf: glm4; family glm4v; projector mmproj-micro-glm4v.gguf; input text, image",
        "mkmodelfile.yaml",
    ]
    for words in (["build"], ["check", "--bytes-only"], ["publish", "--no-verify", "--host", host]):
        assert len(lines(mkmodelfile(*words))) == 3
        assert len(lines(mkmodelfile(*words, "-v"))) > 3
    again = mkmodelfile("init", "micro-glm4v.gguf", "--force", "-v")
    assert "family glm4v (GLM-4.1V-9B and AutoGLM-Phone-9B)" in again.err.splitlines()


def test_what_is_wrong_is_whole(package, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(package)
    (package / "mmproj-micro-glm4v.gguf").unlink()
    done = mkmodelfile("init", "micro-glm4v.gguf", "--force")
    first, error, help_, *_ = done.err.splitlines()
    assert done.code == 1
    assert first == "micro-glm4v.gguf: glm4; family glm4v; no projector; input text"
    assert "error MK436 no-projector" in error and help_.startswith("  help: ")


def test_demo(mkmodelfile, tmp_path) -> None:
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
    done = mkmodelfile("demo", "--no-server", "-o", tmp_path / "d")
    first, last = told(done)
    assert first == (
        "demo mkmodelfile-demo: the built-in micro model is packaged and checked; it named the colours of "
        "3 images"
    )
    assert last.startswith("demo: ok (") and "notes: MK321 stop-unseen" in last
    assert lines(done)[0] == f"next: mkmodelfile check {tmp_path / 'd'}"
    whole = mkmodelfile("demo", "--no-server", "-v")
    assert "✓ image red" in whole.out and "\nFROM " in whole.out and "never fires" in whole.out


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """What the next verification finds."""
    checks = [
        *(Check(f"prompt {n}", "ok", "equal") for n in range(5)),
        *(Check(n, "skip", "takes no images") for n in ("image red.png", "image blue.jpg", "no image")),
    ]
    monkeypatch.setattr(
        verify_command,
        "verify",
        lambda name, **_: VerifyReport(name, "http://gpu:11434", "0.34.4", False, tuple(checks)),
    )
    return checks


def test_verify(mkmodelfile, verified: list[Check]) -> None:
    assert lines(mkmodelfile("verify", "tiny")) == [
        "verify tiny: at http://gpu:11434 (Ollama 0.34.4); prompts by the TEMPLATE",
        "  - image red.png, image blue.jpg, no image  takes no images",
        "verify: ok (5 passed, 3 skipped)",
    ]
    assert len(lines(mkmodelfile("-v", "verify", "tiny"))) == 12
    finding = Diagnostic("MK840", Severity.ERROR, "never stops", None, "add a stop")
    verified.append(Check("stop", "fail", "keeps generating", (finding,)))
    failed = mkmodelfile("verify", "tiny")
    assert failed.code == 1
    assert "✗ stop  keeps generating" in failed.out and "help: add a stop" in failed.out
    assert failed.out.startswith("verify tiny: 1 of 9 failed (MK840 reply-does-not-end): stop\n")
    assert failed.err.splitlines()[-1] == "next: mkmodelfile explain MK840"
    assert "next:" not in mkmodelfile("verify", "tiny", "-q").err
    assert "prompt 1" not in failed.out


def test_a_server_of_openais_api(mkmodelfile, monkeypatch) -> None:
    def report(*failed: Case) -> Report:
        cases = tuple(Case(f"check {n}", Status.PASSED, "as promised") for n in range(9))
        return Report("serve", "m", (*cases, *failed), headline="at http://gpu (llama-server)")

    monkeypatch.setattr(serve_command, "_check", lambda *_: report())
    url = "http://127.0.0.1:9/v1"
    assert lines(mkmodelfile("serve", "--check", url)) == [
        "serve m: at http://gpu (llama-server)",
        "serve: ok (9 passed)",
    ]
    assert "check 3" in mkmodelfile("serve", "--check", url, "-v").out
    monkeypatch.setattr(
        serve_command, "_check", lambda *_: report(Case("tools", Status.FAILED, "no call came"))
    )
    done = mkmodelfile("serve", "--check", url)
    assert (done.code, "✗ tools  no call came" in done.out, "check 3" in done.out) == (1, True, False)


def test_variants(mkmodelfile, tmp_path, httpserver, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    checked = told(mkmodelfile("check", tmp_path, "--bytes-only"))
    table = checked[-4:-1]
    assert [row.split()[0] for row in table] == ["name", "m:q8_0", "m:q4_k_m"]
    assert checked[-1].startswith("check: ok (") and "notes: MK321" in checked[-1]
    host = FakeOllama(httpserver).url
    published = told(mkmodelfile("publish", tmp_path, "--no-verify", "--host", host))
    assert published[0].startswith("publish m: 2.3 MB uploaded, ")
    assert len(published) == 5


# -- reports in files ----------------------------------------------------------------------------------------


def command_of(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_what_has_a_format_has_reports(name: str) -> None:
    options = {word for parameter in command_of(name).params for word in parameter.opts}
    if name not in ("caption",):  # whose formats are of captions
        assert ("--format" in options) == ("--report" in options)


@pytest.mark.parametrize(
    "line",
    [
        ["inspect", "micro-glm4v.gguf"],
        ["fit", "micro-glm4v.gguf"],
        ["audit", "micro-glm4v.gguf", "--jobs", "1", "--no-cache"],
        ["compile", "micro-glm4v.gguf"],
        ["compile", "micro-glm4v.gguf", "--explain"],
        ["build"],
        ["check", "--bytes-only"],
    ],
    ids=" ".join,
)
def test_a_report_beside_the_text(line: list[str], package: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(package)
    more = ["--report", "json=report.json", "--report", "junit=report.xml"]
    done = mkmodelfile(*line, *more)
    assert done.code == 0, done.err
    with_json = mkmodelfile(*line, "--format", "json")
    ours, theirs = json.loads(Path("report.json").read_text()), json.loads(with_json.out)
    assert (ours["command"], ours["ok"]) == (line[0], True)
    assert ours.keys() == theirs.keys() and ours["facts"].keys() == theirs["facts"].keys()
    [suite] = Xml.fromstring(Path("report.xml").read_text())
    assert suite.get("failures") == "0"


def test_a_report_of_what_is_wrong(package: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(package)
    done = mkmodelfile("fit", "micro-glm4v.gguf", "--memory", "1KiB", "--report", "junit=fit.xml")
    assert done.code == 1
    [suite] = Xml.fromstring(Path("fit.xml").read_text())
    assert suite.get("failures") == "1"


def test_what_failed_for_the_same_reason_is_one_line(package: Path, mkmodelfile) -> None:
    done = mkmodelfile("test", package, "--no-tokens")
    missing = [line for line in done.out.splitlines() if "there is no golden file yet" in line]
    assert done.code == 1
    assert len(missing) == 1 and missing[0].startswith("  ✗ chinese, dialogue, image-later, ")
