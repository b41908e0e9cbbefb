"""`serve` with a real llama-server: what it is told arrives, and nothing of it stays."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.micro import build_pair
from modelfile_kit.runtime.llama_server import PROGRAM_VARIABLE
from modelfile_kit.runtime.ollama.messages import Answer
from modelfile_kit.runtime.openai import OpenAIServer
from modelfile_kit.runtime.openai_messages import to_openai
from modelfile_kit.serve.program import PYTHON_NEEDS
from modelfile_kit.vision.colour_images import plain_png
from tests.llama_server import llama_server_or_skip
from tests.served import Served, llama_servers

pytestmark = pytest.mark.server

QUESTION = "What is the main colour of this picture? Answer with one word."


@pytest.fixture(scope="module")
def program() -> Path:
    return llama_server_or_skip()


@pytest.fixture(scope="module")
def served(program: Path, demo: Path) -> Iterator[Served]:
    served = Served(demo, "--port", "0", "--llama-server", program)
    yield served
    served.end()


def red(url: str, model: str = "mkmodelfile-demo", *, key: str = "", **options: Any) -> Answer:
    """The answer about a red image."""
    messages = to_openai([{"role": "user", "content": QUESTION, "images": [plain_png("red", (64, 64))]}])
    with OpenAIServer(url, api_key=key) as server:
        return server.chat({"model": model, "messages": messages, **options})


def test_it_answers_and_says_what_it_is(served):
    assert red(served.url, stream=True).content == "red"
    with OpenAIServer(served.url) as server:
        assert [m["id"] for m in server.models()] == ["mkmodelfile-demo"]
        props = server.ask("GET", "/props")
    assert props["default_generation_settings"]["n_ctx"] == 2048
    # the package's temperature is the default of every request
    assert props["default_generation_settings"]["params"]["temperature"] == 0
    assert "prompts    8 of the package's conversations are rendered" in served.err
    assert "MK885" not in served.err


def test_the_system_text_is_in_the_prompt_unless_the_request_has_one(served):
    def prompt(*messages):
        with OpenAIServer(served.url) as server:
            return server.ask("POST", "/apply-template", {"messages": list(messages)})["prompt"]

    question = {"role": "user", "content": "Hi"}
    own = {"role": "system", "content": "Be brief."}
    system = "You are a model that knows the names of colours."
    assert prompt(question) == f"[gMASK]<sop><|system|>\n{system}<|user|>\nHi<|assistant|>\n"
    assert prompt(own, question) == "[gMASK]<sop><|system|>\nBe brief.<|user|>\nHi<|assistant|>\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_all_of_it(name, program, demo):
    served = Served(demo, "--port", "0", "--llama-server", program)
    url = served.url
    assert len(llama_servers(url)) == 1
    assert served.end(getattr(signal, name)) == 0
    assert f"ended by {name}" in served.err
    assert llama_servers(url) == []


def test_the_stops_of_the_package_end_answers(program, tmp_path):
    """llama-server has no option of that name; --reverse-prompt is the default of every request's `stop`."""
    build_pair(tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text(
        "name: stopped\nmodel: micro-glm4v.gguf\nstop: ['e']\nparameters: {temperature: 0}\n"
    )
    served = Served(tmp_path, "--port", "0", "--llama-server", program)
    try:
        for streamed in (False, True):
            answer = red(served.url, "stopped", stream=streamed)
            assert (answer.content, answer.finish) == ("r", "stop")
        # a request with its own replaces them, an empty list does not
        assert red(served.url, "stopped", stop=["d"]).content == "re"
        assert red(served.url, "stopped", stop=[]).content == "r"
    finally:
        served.end()


def test_a_key_is_asked_for_and_not_shown(program, demo):
    served = Served(
        demo, "--port", "0", "--llama-server", program, environment={"MKMODELFILE_API_KEY": "sk-very-secret"}
    )
    try:
        url = served.url
        [pid] = llama_servers(url)
        assert b"sk-very-secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        with pytest.raises(ServerError) as e:
            red(url)
        assert e.value.code == "MK861"
        assert red(url, key="sk-very-secret").content == "red"
    finally:
        served.end()
    assert "sk-very-secret" not in served.err and "API key    needed" in served.err


def test_what_goes_wrong_is_one_message(program, demo, tmp_path):
    """A broken model, a port in use: exit code, code, and the server's own words."""
    broken = tmp_path / "broken"
    shutil.copytree(demo, broken)
    whole = (broken / "micro-glm4v.gguf").read_bytes()
    # a tensor is missing: only the engine sees that
    (broken / "micro-glm4v.gguf").write_bytes(
        whole.replace(b"blk.0.attn_q.weight", b"blk.0.attn_x.weight", 1)
    )
    served = Served(broken, "--port", "0", "--llama-server", program)
    assert served.process.wait(120) == 1
    served.end()
    assert "while it loaded the model" in served.err and "attn_q" in served.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        served = Served(demo, "--port", port, "--llama-server", program)
        assert served.process.wait(120) == 1
        served.end()
    assert "MK866" in served.err and f"another program listens on 127.0.0.1:{port}" in served.err


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in PYTHON_NEEDS),
    reason="the extra `serve` is not installed",
)
def test_the_server_of_llama_cpp_python_is_the_last_resort(demo):
    served = Served(demo, "--port", "0", environment={"PATH": "/usr/bin:/bin", PROGRAM_VARIABLE: ""})
    try:
        url = served.url
        assert red(url, stream=True).content == "red"
    finally:
        assert served.end() == 0
    assert "llama-cpp-python" in served.err and "no llama-server was found" in served.err
    assert "clients have to send them with every request: stop=" in served.err
    assert llama_servers(url) == []


def test_layers_without_a_gpu_are_said_and_each_request_has_its_context(program, demo):
    options = ("--gpu-layers", "all", "--parallel", "2", "--context", "512")
    served = Served(demo, "--port", "0", "--llama-server", program, *options)
    try:
        with OpenAIServer(served.url) as server:
            props = server.ask("GET", "/props")
        assert (props["default_generation_settings"]["n_ctx"], props["total_slots"]) == (512, 2)
    finally:
        served.end()
    devices = subprocess.run([str(program), "--list-devices"], capture_output=True, text=True).stdout
    assert ("MK883" in served.err) == ("(none)" in devices)


def test_the_printed_shell_command_serves(program, demo, tmp_path, mkmodelfile_output):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    text = mkmodelfile_output("serve", demo, "--port", port, "--llama-server", program, "--print", "shell")
    process = subprocess.Popen(
        ["sh", "-c", f"exec {text}"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                continue
        assert red(f"http://127.0.0.1:{port}").content == "red"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def mkmodelfile_output(tmp_path):
    """The stdout of a command line."""

    def call(*arguments):
        command = [sys.executable, "-m", "modelfile_kit", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return call
