"""The frame of all commands: exit codes, one message for each error, nothing heavy at start-up."""

import errno
import json
import subprocess
import sys
from typing import Any

import click
import pytest

from modelfile_kit.cli import main as cli_main
from modelfile_kit.cli.command import Command
from modelfile_kit.cli.flags import current_flags
from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.core.errors import PackageError, ServerError, UsageError


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options)


HEAVY = ("gguf", "numpy", "llama_cpp", "ollama", "httpx", "pydantic", "rich", "PIL", "jinja2", "yaml")


@pytest.mark.parametrize(
    "code",
    [
        "import modelfile_kit",
        "from modelfile_kit.cli.main import run; run(['--help'])",
        "from modelfile_kit.cli.main import run; run(['--version'])",
    ],
)
def test_start_up_imports_nothing_heavy(code):
    names = f"import sys, json; {code}; print('\\n' + json.dumps(sorted(set(sys.modules) & set({HEAVY!r}))))"
    done = python("-c", names)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_every_listed_command_exists_and_has_help():
    for name in cli_main._COMMANDS:
        done = python("-m", "modelfile_kit", name, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage: mkmodelfile " + name in done.stdout


def test_a_mistyped_command_gets_a_suggestion(capsys):
    assert cli_main.run(["biuld"]) == 2
    assert "Did you mean 'build'?" in capsys.readouterr().err


def raising(monkeypatch, error):
    @click.command("demo")
    def command():
        raise error

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda self, context, name: command)


FINDING = Diagnostic(
    "MK502", Severity.ERROR, "unknown key", Span("gone/mkmodelfile.yaml", 3, 1), "did you mean `model`?"
)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            ServerError("no server at http://x", help="start it"),
            1,
            "error MK801 server-error: no server at http://x\n  help: start it",
        ),
        (UsageError("which one?"), 2, "error MK901 usage: which one?"),
        (
            PackageError("2 findings", diagnostics=(FINDING,)),
            1,
            "gone/mkmodelfile.yaml:3:1: error MK502 not-yaml: unknown key\n  help: did you mean `model`?",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "out"),
            2,
            "out: error MK903 file-access: the disk is full",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "m.gguf"),
            2,
            "m.gguf: error MK903 file-access: not found",
        ),
        (MemoryError(), 2, "error MK904 out-of-memory: out of memory"),
        (ZeroDivisionError("oops"), 2, "error MK999 internal-error: internal error: ZeroDivisionError: oops"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_message(monkeypatch, capsys, error, code, message):
    raising(monkeypatch, error)
    assert cli_main.run(["demo"]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("arguments", [["--debug", "demo"], ["demo", "--debug"]])
def test_debug_shows_the_traceback(monkeypatch, capsys, arguments):
    raising(monkeypatch, ZeroDivisionError("oops"))
    assert cli_main.run(arguments) == 2  # as without --debug
    shown = capsys.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert "ZeroDivisionError: oops" in shown
    assert "MK999" in shown


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    command = "from modelfile_kit.cli import main as m\nimport click, sys\n@click.command('demo')\ndef c():\n"
    command += "    for _ in range(100000): click.echo('x' * 80)\n"
    command += "m.LazyGroup.get_command = lambda self, ctx, name: c\nm.main(['demo'])\n"
    script = tmp_path / "script.py"
    script.write_text(command)
    line = f"{sys.executable} {script} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[1] == "0"
    assert done.stderr == ""


def test_an_ascii_terminal_does_not_kill_the_output():
    done = python("-m", "modelfile_kit", "--help", env={"PYTHONIOENCODING": "ascii", "PATH": ""})
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("flag", "seen"),
    [
        ("-q", (False, True, False)),
        ("--quiet", (False, True, False)),
        ("-v", (False, False, True)),
        ("--verbose", (False, False, True)),
        ("--debug", (True, False, False)),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_flags_work_before_and_after_the_command(monkeypatch, flag, seen, behind):
    found = []

    @click.command("demo", cls=Command)
    def command():
        flags = current_flags()
        found.append((flags.debug, flags.quiet, flags.verbose))

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda self, context, name: command)
    assert cli_main.run(["demo", flag] if behind else [flag, "demo"]) == 0
    assert found == [seen]


def test_a_flag_is_no_value_of_an_option(mkmodelfile, tmp_path):
    chat = tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "Hi"}]')
    jinja = tmp_path / "t.jinja"
    jinja.write_text("{{ bos_token }}{{ messages[0].content }}")
    done = mkmodelfile("render", "--jinja", jinja, "--messages", chat, "--bos=--debug")
    assert (done.code, done.out) == (0, "--debugHi")


def test_verbose_explains_what_was_found(mkmodelfile, tmp_path):
    path = tmp_path / "Modelfile"
    path.write_text("FROM ./model.gguf\nPARAMETER top_q 3\n")
    quiet, more = mkmodelfile("lint", path), mkmodelfile("lint", "-v", path)
    assert (more.code, more.out) == (quiet.code, quiet.out)
    assert "MK110 " in more.err
    assert "MK110 " not in quiet.err


USAGE = [
    (["lint", "--nope", "x"], "No such option", "mkmodelfile lint --help"),
    (["verify"], "Missing argument", "mkmodelfile verify --help"),
    (["lint", "--fail-on", "never", "x"], "Invalid value", "mkmodelfile lint --help"),
    (["biuld"], "Did you mean 'build'?", "mkmodelfile --help"),
]


@pytest.mark.parametrize(("arguments", "said", "help"), USAGE)
def test_wrong_usage_has_a_code(mkmodelfile, arguments, said, help):
    done = mkmodelfile(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "error MK901 usage: " in done.err
    assert said in done.err
    assert help in done.err


@pytest.mark.parametrize("output", ["json", "github", "sarif", "junit"])
@pytest.mark.parametrize("joined", [False, True])
def test_wrong_usage_has_a_code_in_every_format(mkmodelfile, output, joined):
    asked = [f"--format={output}"] if joined else ["--format", output]
    done = mkmodelfile("lint", *asked, "--nope", "x")
    assert done.code == 2
    assert "MK901" in done.out
    assert "No such option" in done.out
    if output == "json":
        report = json.loads(done.out)
        assert (report["ok"], report["command"]) == (False, "lint")
        assert [d["code"] for d in report["diagnostics"]] == ["MK901"]


def test_an_unknown_format_is_told_as_text(mkmodelfile):
    done = mkmodelfile("lint", "x", "--format", "xml")
    assert (done.code, done.out) == (2, "")
    assert "MK901" in done.err


@pytest.mark.parametrize("output_format", ["json", "sarif", "junit", "github"])
@pytest.mark.parametrize("command", ["adopt", "verify", "rollback", "doctor"])
def test_what_ends_a_command_is_a_report_where_one_was_asked_for(
    command: str, output_format: str, httpserver: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that is not on the server. What rollback says of it is wrong usage, which stays a message."""
    httpserver.expect_request("/api/version").respond_with_json({"version": "0.34.4"})
    httpserver.expect_request("/api/tags").respond_with_json({"models": []})
    httpserver.expect_request("/api/show").respond_with_json({"error": "model 'm' not found"}, status=404)
    name = "ollama://m" if command == "doctor" else "m"
    host = httpserver.url_for("").rstrip("/")
    code = cli_main.run([command, name, "--host", host, "--format", output_format])
    seen = capsys.readouterr()
    if command == "rollback":
        assert (code, seen.out) == (2, "")
        assert "MK842" in seen.err
        return
    assert code == 1
    assert "MK808" in seen.out
    if output_format in ("json", "sarif"):
        json.loads(seen.out)
