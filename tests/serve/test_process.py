"""A server as a process: awaited, explained, and gone afterwards, whatever happened."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError, ServerError
from modelfile_kit.serve import process as module
from modelfile_kit.serve.process import ServerProcess, Stopper, check_port, free_port

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")


@pytest.fixture
def start(stand_in):
    """Starts the stand-in with a fault; the process and the address of its health."""
    started = []

    def call(fault="", **options):
        port = free_port("127.0.0.1")
        words = [str(stand_in), "--host", "127.0.0.1", "--port", str(port)]
        process = ServerProcess(words, {"STAND_IN_FAULT": fault}, name="llama-server", **options)
        started.append(process)
        return process, f"http://127.0.0.1:{port}/health"

    yield call
    for process in started:
        process.end()


def group_is_gone(pid):
    """Whether no process of the group is left, but those that are dead and not yet reaped."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            states.append(stat)
    return states == []


def test_it_gets_ready_and_ends(start):
    lines: list[str] = []
    process, url = start(on_line=lines.append)
    with process:
        assert process.wait_ready(url)
        assert process.running
    assert not process.running
    assert lines == ["key: none"] and process.log == "key: none"
    process.end()


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("known", "MK404", "exit status 1"),
        ("unknown", "MK886", "(exit status 3): frobnication failed: the moon is full"),
        ("killed", "MK886", "killed by SIGKILL, most often because memory ran out"),
    ],
)
def test_a_death_while_it_loads_is_explained(fault, code, words, start):
    process, url = start(fault)
    with pytest.raises(EngineError) as e:
        process.wait_ready(url)
    assert (e.value.code, words in e.value.message) == (code, True), e.value.message
    assert "while it loaded the model" in e.value.message and e.value.help
    assert not process.running


@pytest.mark.parametrize(("fault", "named"), [("crashed", True), ("killed", False)])
def test_a_crash_may_be_that_of_the_kernels_for_amx(fault, named, start):
    process, url = start(fault)
    with pytest.raises(EngineError) as e:
        process.wait_ready(url)
    assert ("LLAMA_ARG_REPACK=0" in e.value.help) == named


def test_its_last_lines_are_those_of_the_failure(start):
    process, url = start("unknown")
    with pytest.raises(EngineError):
        process.wait_ready(url)
    assert process.last_lines() == ["frobnication failed: the moon is full"]


def test_a_death_while_it_serves(start):
    process, url = start("dies later")
    with pytest.raises(EngineError, match="half way: error: no more"):
        process.wait_ready(url)


def test_one_that_never_gets_ready(start):
    process, url = start("never ready")
    with pytest.raises(EngineError, match="did not become ready within 1 s"):
        process.wait_ready(url, seconds=1.0)


def test_nothing_of_its_family_is_left(start):
    process, url = start("family")
    process.wait_ready(url)
    process.end()
    assert group_is_gone(process.pid)


def test_one_that_does_not_listen_to_signals_is_killed(start, monkeypatch):
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.5)
    process, url = start("deaf")
    process.wait_ready(url)
    process.end()
    assert not process.running


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_waiting(name, start):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    process, url = start()
    with Stopper() as stopper:
        assert process.wait_ready(url, stopper)
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        process.wait(stopper)
        assert stopper.asked == number
        # from now on nothing is waited for
        assert not process.wait_ready("http://127.0.0.1:1/health", stopper)
        process.end(stopper)
    assert not process.running
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_under_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stopper(interrupts=True) as stopper:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stopper.wait(0.1)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("last", "signal_name", "code"),
    [
        ("", "SIGKILL", "MK886"),
        ("", "SIGSEGV", "MK886"),
        ("CUDA error: out of memory", "SIGABRT", "MK718"),
    ],
)
def test_what_it_said_of_a_request_is_no_reason_for_its_end(last, signal_name, code, start, monkeypatch):
    # As llama-server of Ollama 0.34.4 writes it when a client sends what is no image, and then a good one.
    said = (
        "0.18.461.776 E mtmd_helper_bitmap_init_from_buf: failed to decode buffer as either image/audio/"
        "video",
        "0.18.480.097 I slot get_availabl: id  0 | task -1 | selected slot by LCP similarity",
        last,
    )
    monkeypatch.setenv("STAND_IN_SAYS", "\n".join(filter(None, said)))
    process, url = start("says")
    assert process.wait_ready(url)
    while "selected slot" not in process.log:
        threading.Event().wait(0.01)
    os.kill(process.pid, getattr(signal, signal_name))
    with pytest.raises(EngineError) as e, Stopper() as stopper:
        process.wait(stopper)
    assert (e.value.code, signal_name in e.value.message) == (code, True), e.value.message
    assert "image" not in e.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_it_ends_where_the_kit_is_killed(stand_in):
    port = free_port("127.0.0.1")
    program = (
        "import sys, time; from modelfile_kit.serve.process import ServerProcess\n"
        f"p = ServerProcess({[str(stand_in), '--host', '127.0.0.1', '--port', str(port)]!r}, name='x')\n"
        f"p.wait_ready('http://127.0.0.1:{port}/'); print(p.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(500):
        if group_is_gone(pid):
            break
        threading.Event().wait(0.02)
    assert group_is_gone(pid)


def test_a_program_that_is_none(tmp_path):
    with pytest.raises(EngineError, match="cannot be started"):
        ServerProcess([str(tmp_path / "missing")], name="llama-server")


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
        with pytest.raises(ServerError, match=f"another program listens on 127.0.0.1:{port}") as e:
            check_port("127.0.0.1", port)
    assert e.value.code == "MK866"
    check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours():
    with pytest.raises(ServerError, match=r"nothing can listen on 192\.0\.2\.1: ") as e:
        free_port("192.0.2.1")
    assert e.value.code == "MK866"
    with pytest.raises(ServerError, match=r"nothing can listen on 192\.0\.2\.1"):
        check_port("192.0.2.1", 8080)
    with pytest.raises(ServerError, match="is no address of this machine"):
        check_port("no such host!", 8080)
