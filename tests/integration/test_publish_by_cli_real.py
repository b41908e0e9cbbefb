"""Publishing by `ollama create`: the same model as by the API, the same gate, nothing left of a failure."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.errors import ServerError
from modelfile_kit.core.progress import Step
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.names import WORKING_TAG
from modelfile_kit.publish.publish import NotVerifiedError, publish
from modelfile_kit.runtime.ollama.program import find_ollama_command
from tests.integration.test_publish_real import NAME, TEMPLATE, modelfile, names, package

__all__ = ["modelfile", "package"]
pytestmark = pytest.mark.server


@pytest.fixture
def command(either_process):
    """The program of the server that is asked, with a prefix as a container's would be."""
    return f"env OLLAMA_HOST={either_process.host} nice {shlex.quote(str(either_process.program))}"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which program listens")
def test_the_servers_own_program_is_found(either_process, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_ollama_command(either_process.url) == (str(either_process.program.resolve()),)


def test_both_ways_make_the_same_model(modelfile, either_server, command):
    path = modelfile("SYSTEM 你好", "PARAMETER temperature 0.5", "PARAMETER stop <|user|>", "MESSAGE user hi")
    publish(path, "by-api", host=either_server.url, verify=False)
    told: list[Step] = []
    done = publish(
        path,
        "by-cli",
        host=either_server.url,
        verify=False,
        by="cli",
        ollama_command=command,
        progress=told.append,
    )
    assert done.command[:2] == ("env", f"OLLAMA_HOST={either_server.url.removeprefix('http://')}")
    assert "parsing GGUF" in {step.subject for step in told if step.stage == "create"}
    keys = ("template", "system", "messages", "capabilities", "projector_info", "details")
    api, cli = (either_server.show(name) for name in ("by-api", "by-cli"))
    assert {k: cli.get(k) for k in keys} == {k: api.get(k) for k in keys}
    # The server lists parameters in no order of its own.
    assert sorted(cli["parameters"].splitlines()) == sorted(api["parameters"].splitlines())
    assert done.digest
    left = [p.name for p in path.parent.iterdir() if p.name.startswith(".mkmodelfile")]
    assert (left, [n for n in names(either_server) if WORKING_TAG in n]) == ([], [])


def test_a_package_is_verified_before_it_has_its_name(package, either_server, command, llama_cpp):
    built = build(package)
    done = publish(built, NAME, host=either_server.url, by="cli", ollama_command=command)
    assert done.verified.ok
    assert WORKING_TAG in done.verified.name
    again = publish(built, NAME, host=either_server.url, by="cli", ollama_command=command)
    assert again.uploaded_bytes == 0


def test_one_that_fails_verification_does_not_get_the_name(modelfile, either_server, command):
    publish(modelfile("SYSTEM old"), "kept", host=either_server.url, verify=False)
    before = (either_server.show("kept")["modelfile"], names(either_server))
    other = modelfile("SYSTEM new", template=TEMPLATE.replace("<sop>", "<sop> "))
    with pytest.raises(NotVerifiedError):
        publish(other, "kept", host=either_server.url, by="cli", ollama_command=command)
    assert (either_server.show("kept")["modelfile"], names(either_server)) == before


def test_an_error_of_the_program_is_explained(tmp_path, modelfile, either_server, command, monkeypatch):
    # The kit's own look at the file would refuse it first.
    monkeypatch.setattr("modelfile_kit.publish.create_request._refuse_unsound", lambda files: None)
    (tmp_path / "cut.gguf").write_bytes(b"GGUF" + b"\xff" * 200)
    (tmp_path / "Modelfile").write_text("FROM ./cut.gguf\nTEMPLATE x\n", encoding="utf-8")
    with pytest.raises(ServerError, match="exceeds maximum") as e:
        publish(tmp_path / "Modelfile", "cut", host=either_server.url, by="cli", ollama_command=command)
    assert e.value.code == "MK401"
    assert "inspect" in e.value.help
    assert not either_server.exists("cut")


def test_another_servers_program_is_noticed_and_cleaned_up(
    modelfile, ollama_process, ollama_server, older_process
):
    command = f"env OLLAMA_HOST={older_process.host} {shlex.quote(str(ollama_process.program))}"
    with pytest.raises(ServerError, match="talks to another server") as e:
        publish(modelfile(), "lost", host=ollama_server.url, verify=False, by="cli", ollama_command=command)
    assert e.value.code == publishing.OTHER_SERVER
    listed = older_process.run("list") + ollama_process.run("list")
    assert "lost" not in listed


def test_a_program_without_a_server_is_explained(modelfile, ollama_process, ollama_server):
    command = f"env OLLAMA_HOST=127.0.0.1:9 {shlex.quote(str(ollama_process.program))}"
    with pytest.raises(ServerError) as e:
        publish(modelfile(), "none", host=ollama_server.url, by="cli", ollama_command=command)
    assert e.value.code == "MK802"
    assert "ollama serve" in e.value.help


INTERRUPTED = """
import signal, sys
from modelfile_kit.publish.publish import publish

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background runs ignore it
told = lambda step: print(step.stage, flush=True)
try:
    publish(sys.argv[1], "kept", host=sys.argv[2], by="cli", ollama_command=sys.argv[3], progress=told)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that interrupts another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_program(number, modelfile, ollama_server, ollama_process, tmp_path):
    publish(modelfile("SYSTEM old"), "kept", host=ollama_server.url, verify=False)
    before = (ollama_server.show("kept")["modelfile"], names(ollama_server))
    # A program that does as `ollama create` while a large file is copied, and hangs there.
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho gathering; echo $$ > {tmp_path}/pid; exec sleep 61\n", encoding="utf-8")
    slow.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(modelfile("SYSTEM new")), ollama_server.url, str(slow)],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.strip() == "create":
            break
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.01)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert "interrupted" in out
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert (ollama_server.show("kept")["modelfile"], names(ollama_server)) == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".mkmodelfile")] == []
