"""The `ollama` command: a stand-in speaks as the real one does, which runs in tests/integration."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path

import pytest

from modelfile_kit.core.errors import MissingDependencyError, ServerError, UsageError
from modelfile_kit.runtime.ollama import program as of_program
from modelfile_kit.runtime.ollama.program import OllamaProgram, find_ollama_command
from modelfile_kit.runtime.ollama.replies import RefusedError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")

URL = "http://127.0.0.1:11434"
DIGEST = "sha256:" + "a1" * 32
# What `ollama create` printed to a pipe on 27 November 2026 (0.34.4), its digests shortened to one.
FRAME = (
    "\x1b[?2026h\x1b[?25l\x1b[1Ggathering model components \x1b[K\ncopying file {digest} {part}% \x1b[K\n"
    "parsing GGUF \x1b[K\nusing existing layer {digest} ⠋ \x1b[K\x1b[?25h\x1b[?2026l"
)
HEAD = "\x1b[?2026h\x1b[?25l\x1b[1Ggathering model components \x1b[K\x1b[?25h\x1b[?2026l\n"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Writes a program that prints a text, notes how it was called, and ends with a code."""

    def write(text: str = "", code: int = 0, then: str = "") -> str:
        path = tmp_path / "ollama"
        path.write_text(
            f"#!{sys.executable}\nimport os, sys, time\n"
            f"called = open({str(tmp_path / 'called')!r}, 'a')\n"
            "print((sys.argv[1:], os.environ['OLLAMA_HOST']), file=called, flush=True)\n"
            f"sys.stderr.buffer.write({text.encode()!r})\nsys.stderr.flush()\n{then}\nsys.exit({code})\n",
            encoding="utf-8",
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    monkeypatch.setattr(of_program, "_PLACES", ())
    return write


def create(command, **more):
    told = []
    program = OllamaProgram((command,), URL, patience=more.pop("patience", 60.0))
    program.create("m", Path("Modelfile"), told=lambda *status: told.append(status), **more)
    return told


def test_each_status_is_told_once_and_a_copy_in_percent(stand_in, tmp_path):
    frames = FRAME.format(digest=DIGEST, part=4) + FRAME.format(digest=DIGEST, part=100)
    assert create(stand_in(frames), quantize="q4_K_M") == [
        ("gathering model components", -1, ""),
        (f"copying file {DIGEST} 4%", 4, DIGEST),
        ("parsing GGUF", -1, ""),
        (f"using existing layer {DIGEST}", -1, ""),
        (f"copying file {DIGEST} 100%", 100, DIGEST),
    ]
    called = (["create", "m", "-f", "Modelfile", "--quantize", "q4_K_M"], URL)
    assert (tmp_path / "called").read_text() == f"{called!r}\n"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Error: could not connect to ollama server, run 'ollama serve' to start it\n", "MK802"),
        ("Error: LoRA adapters are no longer supported\n", "MK865"),
        ("Error: something nobody has seen\n", "MK815"),
        ("Error response from daemon: No such container: ollama\n", "MK815"),
        ("", "MK815"),
    ],
)
def test_an_error_is_what_the_program_says_with_a_code_and_a_step(said, code, stand_in):
    with pytest.raises(RefusedError) as e:
        create(stand_in(HEAD + said, 1))
    text = said.removeprefix("Error: ").strip()
    assert text in e.value.message
    assert "ended with 1" in e.value.message
    assert e.value.code == code
    assert e.value.help
    if said:
        assert e.value.detail == text


def test_an_error_is_no_status(stand_in):
    told = []
    program = OllamaProgram((stand_in("Error: no\n", 1),), URL, patience=60.0)
    with pytest.raises(RefusedError):
        program.create("m", Path("Modelfile"), told=lambda *status: told.append(status))
    assert told == []


def test_a_killed_program_is_named_so(stand_in):
    with pytest.raises(RefusedError, match=r"was killed \(9\): parsing GGUF"):
        create(stand_in("parsing GGUF\n", then="os.kill(os.getpid(), 9)"))


def test_silence_has_an_end(stand_in):
    with pytest.raises(ServerError) as e:
        create(stand_in("parsing GGUF\n", then="time.sleep(60)"), patience=1.0)
    assert e.value.code == "MK803"


def test_removing_bears_every_fault(stand_in, tmp_path):
    OllamaProgram((stand_in("Error: no\n", 1),), URL, patience=60.0).remove("m")
    OllamaProgram((str(tmp_path / "nowhere"),), URL, patience=60.0).remove("m")
    assert (tmp_path / "called").read_text() == f"{(['rm', 'm'], URL)!r}\n"


def test_a_command_may_have_words_before_it(stand_in):
    given = f"env A=1 {shlex.quote(stand_in())}"
    assert find_ollama_command(URL, given) == ("env", "A=1", stand_in())


@pytest.mark.parametrize(
    ("given", "words"),
    [("", "is empty"), ("  ", "is empty"), ("no-such-program ollama", "no-such-program"), ("a 'b", "split")],
)
def test_a_command_that_does_not_exist_is_refused(given, words):
    with pytest.raises(UsageError, match=words):
        find_ollama_command(URL, given)


def test_one_on_path_is_found_and_where_installers_put_it(stand_in, tmp_path, monkeypatch):
    program = stand_in()
    monkeypatch.setattr(of_program, "_program_behind", lambda url: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ollama_command(URL) == (program,)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependencyError, match="not found"):
        find_ollama_command(URL)
    monkeypatch.setattr(of_program, "_PLACES", (program,))
    assert find_ollama_command(URL) == (program,)
