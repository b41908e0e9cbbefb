"""The pages under docs/running, run as a reader would: in an empty folder, on real servers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from modelfile_kit.micro.demo_package import NAME
from tests.llama_server import llama_server_or_skip
from tests.ollama_process import OllamaProcess
from tests.served import llama_servers
from tools import running_pages as pages
from tools.running_pages import Step

pytestmark = [pytest.mark.server, pytest.mark.engine]

ROOT = Path(__file__).parents[2]


class Reader:
    """Who types what a page shows. Ports and programs are those of the test."""

    def __init__(self, folder: Path, ollama: OllamaProcess, llama_server: Path) -> None:
        self.folder = folder
        programs = folder / "programs"
        programs.mkdir()
        for name, words in {
            "mkmodelfile": f'"{sys.executable}" -m modelfile_kit',
            "python": f'"{sys.executable}"',
            "ollama": f'"{ollama.program}"',
        }.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.ollama = ollama
        self.env = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "OLLAMA_HOST": ollama.url,
            "MKMODELFILE_LLAMA_SERVER": str(llama_server),
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
        }
        self.serving: subprocess.Popen[bytes] | None = None

    def own(self, text: str) -> str:
        """The text of a page with this test's ports."""
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        return text.replace("http://127.0.0.1:11434", self.ollama.url)

    def types(self, step: Step) -> str:
        """What a command line shows, on both streams."""
        command = self.own(step.command)
        if step.serves:
            self.serve(f"{command} --port {self.port}")
            return ""
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=600
        )
        shown = done.stdout + done.stderr
        assert done.returncode == 0, f"{command}\n{shown}"
        assert [text for text in step.shows if text not in shown] == [], f"{command}\n{shown}"
        return done.stdout

    def serve(self, command: str) -> None:
        self.serving = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while self.serving.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                continue
        raise AssertionError(f"{command} ended with {self.serving.returncode}")

    def runs(self, script: str) -> str:
        """The output of a script of a page."""
        done = subprocess.run(
            [sys.executable, "-c", self.own(script)],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def leaves(self) -> None:
        """Ctrl-C where something serves: it ends well, and nothing of it is left."""
        if self.serving is not None:
            self.serving.send_signal(signal.SIGINT)
            assert self.serving.wait(60) == 0
            assert llama_servers(f"http://127.0.0.1:{self.port}") == []


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, ollama_process: OllamaProcess) -> Iterator[Reader]:
    """One reader for all pages: the package is made once."""
    program = llama_server_or_skip()
    reader = Reader(tmp_path_factory.mktemp("reader"), ollama_process, program)
    for step in pages.PACKAGE:
        reader.types(step)
    yield reader
    reader.leaves()
    if NAME in ollama_process.run("list"):
        ollama_process.run("rm", NAME)


def test_ollama(reader):
    for step in (*pages.OLLAMA, *pages.CHECK_OLLAMA):
        reader.types(step)
    # as the page of the clients says
    script = pages.LANGCHAIN.replace("http://127.0.0.1:8080", "http://127.0.0.1:11434")
    assert reader.runs(script) == "red"


def test_llama_server_and_its_clients(reader):
    for step in (*pages.SERVE, *pages.CHECK, *pages.CHECK_PACKAGE):
        reader.types(step)
    assert reader.runs(pages.LANGCHAIN) == "red"
    colour, tokens = reader.runs(pages.OPENAI).split()
    assert colour == "red" and int(tokens) > 9


def test_what_print_prints(reader):
    shown, _, _, docker = [reader.types(step) for step in pages.PRINT]
    program = reader.env["MKMODELFILE_LLAMA_SERVER"]
    page = shown.replace(program, "llama-server").replace(str(reader.folder / "my-demo"), pages.FOLDER)
    assert page == pages.printed_shell()
    assert page in (ROOT / "docs/running/llama-server.md").read_text(encoding="utf-8")
    assert list(yaml.safe_load((reader.folder / "compose.yaml").read_text())) == ["services"]
    assert "ExecStart=" in (reader.folder / "demo.service").read_text()
    assert re.search(r"--mount .*micro-glm4v", docker)


def test_ten_lines():
    """As many as people were promised."""
    assert len([line for line in pages.LANGCHAIN.splitlines() if line.strip()]) <= 10
