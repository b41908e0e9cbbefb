from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.runtime.foreign_program import SilentProgramError, run_program

PATIENCE = 60.0


def python(program: str, **more):
    pieces: list[str] = []
    done = run_program(
        [sys.executable, "-c", program],
        on_piece=pieces.append,
        patience=more.pop("patience", PATIENCE),
        **more,
    )
    return done, pieces


def test_both_streams_come_in_pieces_and_the_end_is_kept():
    done, pieces = python("import sys; print('a'); print('b', file=sys.stderr, flush=True); sys.exit(3)")
    assert sorted(pieces) == ["a", "b"]
    assert (done.returncode, sorted(done.text.splitlines())) == (3, ["a", "b"])


def test_a_terminals_frames_are_pieces_once():
    # Two frames as Ollama's progress draws them: the cursor goes up, and what stood there is drawn again.
    frame = r"\x1b[?25l\x1b[1Gone ⠋ \x1b[K\ntwo ⠙ \x1b[K\x1b[?25h"
    again = r"\x1b[A\x1b[1Gone \x1b[K\ntwo ⠹ \x1b[K\nthree é\x1b[K"
    _, pieces = python(f"import sys; sys.stdout.buffer.write('{frame}{again}'.encode())")
    assert pieces == ["one", "two", "three é"]


def test_a_letter_that_comes_in_two_parts_is_one():
    program = """
import os, time
os.write(1, b"caf\\xc3"); time.sleep(0.2); os.write(1, b"\\xa9\\n")
"""
    assert python(program)[1] == ["café"]


def test_what_it_reads_is_empty_and_the_environment_is_added_to():
    program = "import os, sys; print(repr(sys.stdin.read()), os.environ['OF_TEST'], 'PATH' in os.environ)"
    assert python(program, environment={"OF_TEST": "x"})[1] == ["'' x True"]


def test_much_output_is_bounded():
    done, pieces = python("for n in range(100_000): print('line', n)")
    assert len(pieces) == 100_000
    assert len(done.text) < 200_000
    assert done.text.endswith("line 99999")


def test_a_program_that_falls_silent_is_ended():
    with pytest.raises(SilentProgramError):
        python("import time; print('x', flush=True); time.sleep(60)", patience=1.0)


def test_drawing_the_same_again_is_silence():
    program = "import time\nwhile True: print('waiting ⠋', flush=True); time.sleep(0.02)"
    with pytest.raises(SilentProgramError):
        python(program, patience=1.0)


def test_one_that_cannot_be_started_says_why(tmp_path):
    with pytest.raises(UsageError, match="cannot be started"):
        run_program([str(tmp_path / "nowhere")], patience=PATIENCE)


@pytest.mark.skipif(os.name == "nt" or not shutil.which("sh"), reason="needs a shell and process groups")
def test_an_error_of_ours_ends_it_and_what_it_started():
    started = []

    def stop(piece):
        started.append(int(piece))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_program(["sh", "-c", "sleep 61 & echo $!; wait"], on_piece=stop, patience=PATIENCE)
    assert gone(started[0])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that interrupts another process")
def test_ctrl_c_ends_one_that_ignores_it():
    ours = """
import sys
from modelfile_kit.runtime.foreign_program import run_program
theirs = "import os, signal, time; signal.signal(2, 1); print(os.getpid(), flush=True); time.sleep(61)"
try:
    run_program([sys.executable, "-c", theirs], on_piece=lambda p: print(p, flush=True), patience=60)
except KeyboardInterrupt:
    print("interrupted")
"""
    process = subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE, text=True)
    theirs = int(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert out.strip() == "interrupted"
    assert gone(theirs)


def gone(pid: int) -> bool:
    """Whether the process has ended, or ends within some seconds (its reaping is the system's)."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False
