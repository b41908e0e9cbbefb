"""Colour, bars and wrapping: on a terminal of its own (a pseudo terminal), and nowhere else."""

import os
import re
import subprocess
import sys

import pytest

pytest.importorskip("pty", reason="this system has no pseudo terminals")
from tests.pseudo_terminal import OnTerminal

ESCAPE = "\x1b"
# Two stages on a bar each, one of them with a name in brackets, which is markup to some.
BARS = """
from modelfile_kit.cli.progress import step_progress
from modelfile_kit.core.progress import Step
import time
with step_progress() as progress:
    print("bars" if progress else "no bars")
    if progress:
        progress(Step("hash", "[red]" + "a-long-name-" * 20, 1, 4))
        progress(Step("upload", "[/] x.gguf", 2, 4))
        time.sleep(0.5)
"""


def on_terminal(*arguments, columns=80, **environment):
    """What a command writes to a terminal of so many columns."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM", "COLUMNS", "LINES")
    }
    process = OnTerminal(arguments, {**clean, "TERM": "xterm-256color", **environment}, columns=columns)
    seen = b"".join(process.pieces())
    process.wait()
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture
def modelfile(tmp_path):
    path = tmp_path / "Modelfile"
    path.write_text("FROM llama3.2\nPARAMETER top_p 9\n")
    return str(path)


def test_colour_on_a_terminal(modelfile):
    assert ESCAPE in on_terminal("-m", "modelfile_kit", "lint", modelfile)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_escape_codes_where_they_are_unwanted(modelfile, environment):
    text = on_terminal("-m", "modelfile_kit", "lint", modelfile, **environment)
    assert "lint: failed" in text
    assert ESCAPE not in text
    bars = on_terminal("-c", BARS, **environment)
    assert ESCAPE not in bars
    assert "━" not in bars


def test_colour_where_it_is_asked_for(modelfile):
    def written(**environment):
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        clean["PYTHONPATH"] = os.pathsep.join(sys.path)
        command = [sys.executable, "-m", "modelfile_kit", "lint", modelfile]
        return subprocess.run(command, capture_output=True, text=True, env={**clean, **environment}).stdout

    assert ESCAPE not in written(FORCE_COLOR="")
    assert "\x1b[31m\x1b[1mlint: failed" in written(FORCE_COLOR="1", TERM="dumb")
    assert ESCAPE not in written(FORCE_COLOR="1", NO_COLOR="1")


def test_a_terminal_in_ci_gets_colour_and_no_bars(modelfile):
    assert ESCAPE in on_terminal("-m", "modelfile_kit", "lint", modelfile, CI="true")
    assert ESCAPE not in on_terminal("-c", BARS, CI="true")


def test_findings_are_wrapped_at_words(modelfile):
    text = on_terminal("-m", "modelfile_kit", "lint", modelfile, columns=60, NO_COLOR="1")
    # the first line has the path, one word that stays whole
    lines = [line for line in text.splitlines() if modelfile not in line]
    assert [line for line in lines if len(line) > 60] == []
    wide = on_terminal("-m", "modelfile_kit", "lint", modelfile, columns=1000, NO_COLOR="1")
    assert " ".join(text.split()) == " ".join(wide.split())


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_long_name_leaves_room_for_the_bar(columns):
    text = on_terminal("-c", BARS, columns=columns)
    assert "bars\n" in text
    assert "━" in text
    assert "25%" in text
    assert "[/] x" in text


@pytest.mark.parametrize(
    "command", [["lint"], ["lint", "--format", "github"], ["explain"], ["doctor", "--help"]]
)
def test_a_pipe_gets_no_escape_codes(modelfile, command):
    arguments = [*command, modelfile] if command[0] == "lint" else command
    done = subprocess.run(
        [sys.executable, "-m", "modelfile_kit", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout
    assert ESCAPE not in done.stdout + done.stderr


def narrow(text):
    """The lines of a terminal without colours."""
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in text.splitlines()]


@pytest.mark.parametrize(
    "line",
    [
        ["--help"],
        ["check", "--help"],
        ["test", "--help"],
        ["explain", "MK321"],
        ["fit", "micro-glm4v.gguf"],
        ["fit", "micro-glm4v.gguf", "--memory", "1GiB"],
        ["inspect", "micro-glm4v.gguf"],
        ["inspect", "none.gguf"],
        ["check", "--bytes-only"],
        ["compile"],
        ["build", "-v"],
    ],
    ids=" ".join,
)
def test_a_narrow_terminal_breaks_no_word(line, package, monkeypatch):
    monkeypatch.chdir(package)
    seen = narrow(on_terminal("-m", "modelfile_kit", *line, columns=40, CI="1"))
    # examples and what is to run next are whole, so that they can be copied, and so are names of options
    copied = ("next: ", "  mkmodelfile ", "    PARAMETER", "  -")
    long = [row for row in seen if len(row) > 40 and not row.startswith(copied)]
    assert seen and long == []


def test_a_long_word_is_not_broken_by_us(package):
    seen = narrow(on_terminal("-m", "modelfile_kit", "build", str(package), columns=40))
    assert f"next: mkmodelfile check {package}" in seen


@pytest.mark.parametrize(("encoding", "mark"), [("ascii", "+"), ("latin-1", "+"), ("utf-8", "✓")])
def test_a_terminal_gets_the_characters_that_it_has(encoding, mark, package):
    (package / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\nsystem: 你好\n", "utf-8")
    line = ("-m", "modelfile_kit", "check", str(package), "--bytes-only", "-v")
    seen = on_terminal(*line, PYTHONIOENCODING=encoding)
    assert f"{mark} " in "".join(narrow(seen))
    assert seen.isascii() == (encoding != "utf-8")
    assert ("╭" in seen) == (encoding == "utf-8")
    # a pipe has UTF-8 whatever the terminal is
    done = subprocess.run(
        [sys.executable, *line],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": encoding},
    )
    assert "✓ " in done.stdout.decode("utf-8")


def test_both_sides_have_no_escapes_that_are_shown(package):
    model = str(package / "micro-glm4v.gguf")
    seen = on_terminal("-m", "modelfile_kit", "compile", model, "--explain", columns=120)
    assert ESCAPE in seen and "\\x1b" not in seen
