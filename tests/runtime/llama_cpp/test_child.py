from __future__ import annotations

import gc
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError, MissingDependencyError, UsageError
from modelfile_kit.runtime import child_process
from modelfile_kit.runtime.llama_cpp.child import Child

engine = pytest.mark.engine


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def running(llama_cpp, pair):
    with Child(pair.model, timeout=60) as process:
        yield process


def test_without_llama_cpp_the_way_to_get_it_is_said(monkeypatch, tmp_path):
    model = tmp_path / "a.gguf"
    model.write_bytes(b"GGUF")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "llama_cpp" else find(n, *a))
    with pytest.raises(MissingDependencyError) as caught:
        Child(model, timeout=5)
    assert 'pip install "modelfile-kit[align]"' in caught.value.help
    assert "Ollama" not in caught.value.help  # a llama-server is no way out here
    assert "C++ compiler" in caught.value.help
    assert caught.value.exit_code == 2


def test_a_llama_cpp_that_cannot_be_loaded(monkeypatch, tmp_path):
    broken = tmp_path / "llama_cpp"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise OSError('libllama.so: wrong ELF class')")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = tmp_path / "a.gguf"
    model.write_bytes(b"GGUF")
    with pytest.raises(MissingDependencyError, match=r"cannot be loaded .*wrong ELF class") as caught:
        Child(model, timeout=20)
    assert "modelfile-kit[align]" in caught.value.help


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(UsageError, match="is a folder, expected a GGUF file"):
        Child(tmp_path, timeout=5)


@engine
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_the_childs_death_is_named(running, number):
    os.kill(running.pid, number)
    with pytest.raises(EngineError, match=signal.Signals(number).name) as caught:
        for _ in range(100):
            running.ask({"op": "tokenize", "lengths": [2], "add_special": True}, b"Hi")
            time.sleep(0.05)
    assert str(running.model) in str(caught.value)
    assert gone(running.pid)


@engine
def test_a_bug_in_the_child_is_an_error_that_names_it(running):
    with pytest.raises(EngineError, match="KeyError") as caught:
        running.ask({"op": "tokenize"})
    assert "Traceback" in caught.value.stderr
    assert running.ask({"op": "tokenize", "lengths": [], "add_special": True})[0] == {"lengths": []}


@engine
def test_what_llama_cpp_prints_does_not_get_between(running):
    """Standard output and error of the child are not the parent's, and not the pipe of the answers."""
    program = (
        "import os; from modelfile_kit.runtime.llama_cpp.child import Child; "
        f"c = Child({str(running.model)!r}, timeout=60); print('size', c.info['size']); c.close()"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == f"size {running.info['size']}\n"
    assert run.stderr == ""


@engine
def test_a_forgotten_child_is_ended_with_its_object(llama_cpp, pair):
    process = Child(pair.model, timeout=60)
    pid = process.pid
    del process
    gc.collect()
    assert gone(pid)


@engine
def test_the_child_ends_with_its_parent(llama_cpp, pair):
    program = (
        "import os, time; from modelfile_kit.runtime.llama_cpp.child import Child; "
        f"c = Child({str(pair.model)!r}, timeout=60); print(c.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while not _ended(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _ended(pid)


def _ended(pid):
    """Gone, or a zombie that only its new parent, which is not us, can reap."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
        return state.rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return gone(pid)


@pytest.fixture
def interrupts():
    """SIGINT as in the foreground; a shell's background runs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@engine
def test_ctrl_c_ends_the_child_and_comes_through(running, interrupts):
    os.kill(running.pid, signal.SIGSTOP)  # so that the request is still going on
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        running.ask({"op": "tokenize", "lengths": [2], "add_special": True}, b"Hi")
    assert gone(running.pid)
    with pytest.raises(EngineError, match="interrupted"):
        running.ask({"op": "tokenize", "lengths": [2], "add_special": True}, b"Hi")


@engine
def test_ctrl_c_in_the_terminal_leaves_the_child_to_its_parent(running):
    os.kill(running.pid, signal.SIGINT)
    time.sleep(0.2)
    assert running.ask({"op": "tokenize", "lengths": [], "add_special": True})[0] == {"lengths": []}


@engine
def test_a_hostile_working_folder_is_not_imported_from(llama_cpp, pair, tmp_path):
    for name in ("json", "llama_cpp", "signal"):
        (tmp_path / f"{name}.py").write_text("import os; os._exit(77)")
    program = (
        "import sys; sys.path = [p for p in sys.path if p]; "
        "from modelfile_kit.runtime.llama_cpp.child import Child; "
        f"c = Child({str(pair.model.resolve())!r}, timeout=60); print(c.info['size']); c.close()"
    )
    # -P or not, the parent here has no current folder in its path; the child must not add one
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert int(run.stdout) > 0


@engine
def test_stderr_is_kept_within_bounds(running, monkeypatch):
    monkeypatch.setattr(child_process, "STDERR_KEPT", 1000)
    for _ in range(3):
        with pytest.raises(EngineError):
            running.ask({"op": "no such thing"})
    assert len(running._stderr._kept) <= 1000
