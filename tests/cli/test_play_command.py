"""`mkmodelfile play`: its address, its end, and what it refuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


def started(*arguments):
    line = [sys.executable, "-m", "modelfile_kit", "play", *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGTERM")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_and_ends_cleanly(package, how):
    with started(package) as process:
        try:
            url = process.stdout.readline().strip()
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert b"<title>play tiny</title>" in answer.read()
            process.send_signal(how)
            rest, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, rest) == (0, "")
    assert told.endswith("ended\n")
    assert "Traceback" not in told
    with pytest.raises(OSError, match=r"refused|timed out"):
        urllib.request.urlopen(url, timeout=5)


def test_a_port_that_is_taken_is_told(mkmodelfile, package):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = mkmodelfile("play", package, "--port", port)
    assert done.code == 2
    assert f"cannot listen on port {port} of this machine" in done.err
    assert "leave --port out" in done.err


def test_open_opens_the_browser_or_says_that_there_is_none(mkmodelfile, package, monkeypatch):
    from modelfile_kit.play.server import PlayServer

    seen = []

    def no_browser(url):
        seen.append(url)
        return False

    monkeypatch.setattr("webbrowser.open", no_browser)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(PlayServer, "serve_forever", interrupted)
    done = mkmodelfile("play", package, "--open")
    assert done.code == 0, done.err
    assert seen == [done.out.strip()]
    assert "open the address yourself" in done.err


def test_what_cannot_be_opened_is_the_command_s_own_error(mkmodelfile, tmp_path):
    (tmp_path / "mkmodelfile.yaml").write_text("name: x\nmodle: y\n")
    done = mkmodelfile("play", tmp_path)
    assert done.code == 1
    assert "mkmodelfile.yaml:2" in done.err
    assert "modle" in done.err
    done = mkmodelfile("play", tmp_path / "none.jinja")
    assert done.code == 2
    assert "none.jinja" in done.err
