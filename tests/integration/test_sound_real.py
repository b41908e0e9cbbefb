"""Sounds on a real Ollama and llama-server: every way, every kind of file, and a model that is deaf."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from modelfile_kit.building.build import build
from modelfile_kit.package.package import load_package
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.openai import OpenAIServer
from modelfile_kit.serve.asked import Promise
from modelfile_kit.serve.server_check import check_server, promise_of
from modelfile_kit.testing.stand_in_file import load_stand_in, write_micro
from modelfile_kit.vision.sounds import Sound, sound_of, tone
from tests.ollama_process import find_ollama
from tests.vision.own_sounds import silent_mp3, speech, wav
from tests.zoo.engine import LlamaServer

pytestmark = pytest.mark.server

OMNI = Path(__file__).parents[2] / "examples" / "qwen2.5-omni-7b"
NAME = "omni"


@pytest.fixture(scope="module")
def omni(tmp_path_factory):
    """Micro model and projector that hear."""
    folder = tmp_path_factory.mktemp("omni")
    package = load_package(OMNI)
    model, projector = write_micro(package, folder, load_stand_in(package))
    assert projector is not None
    return folder, Path(model), Path(projector)


def checked(server: str, name: str | None, promise: Promise) -> dict[str, tuple[str, list[str]]]:
    """What `serve --check` finds out about sound: status and codes by name."""
    with OpenAIServer(server) as asked:
        report = check_server(asked, model=name, promise=promise, max_tokens=8)
    return {
        c.name: (str(c.status), [d.code for d in c.diagnostics])
        for c in report.cases
        if c.name in ("sound", "transcription")
    }


def sounds() -> list[Sound]:
    files = {
        "8-bit.wav": wav(8_000, 8),
        "stereo-96.wav": wav(96_000, 16, 2),
        "silence.mp3": silent_mp3(),
        "speech.wav": speech(shutil.which("espeak-ng"), subprocess.run),
    }
    return [sound_of(data, name) for name, data in files.items()]


def test_a_model_that_hears_takes_every_sound_by_every_way(omni, either_server):
    folder, model, _ = omni
    built = build(load_package(OMNI), folder / "out", model=model)
    publish(built, NAME, host=either_server.url, verify=False)
    long = Sound("long.wav", wav(8_000, 8, seconds=600), "wav", 600.0)
    report = verify(NAME, host=either_server.url, sounds=[*sounds(), long])
    found = {c.name: c for c in report.checks if c.name.startswith("sound")}
    heard = {name: c.status for name, c in found.items() if name != "sound long.wav"}
    names = ["tone", *(s.name for s in sounds())]
    assert set(heard.values()) == {"ok"}
    assert len(heard) == 3 + 2 * (len(names) - 1)
    # Whatever the file is like, it is one piece of 30 s for the encoder.
    tokens = {c.detail.split(" is ")[1].split()[0] for c in found.values() if " is " in c.detail}
    assert len(tokens) <= 2  # the OpenAI endpoint makes a turn of its own of the sound
    assert [d.code for d in found["sound long.wav"].diagnostics] == ["MK868"]
    both = checked(either_server.url, NAME, promise_of(built))
    assert both == {"sound": ("passed", []), "transcription": ("passed", [])}


def test_what_the_server_says_to_a_sound_that_is_none(omni, ollama_server):
    """Why such files are refused before they are sent."""
    folder, model, _ = omni
    built = build(load_package(OMNI), folder / "out", model=model)
    publish(built, NAME, host=ollama_server.url, verify=False)
    for data in (b"", b"hello, this is a text", b"fLaC" + bytes(60), wav()[:44]):
        body = {"model": NAME, "stream": False, "options": {"num_predict": 1}}
        message = {"role": "user", "content": "What?", "images": [base64.b64encode(data).decode()]}
        reply = httpx.post(
            f"{ollama_server.url}/api/chat", json={**body, "messages": [message]}, timeout=60, trust_env=False
        )
        assert (reply.status_code, "Failed to load image or audio file" in reply.text) == (400, True)


def test_a_model_that_sees_only_says_so(tmp_path, micro_pair, ollama_server):
    text = f"FROM {micro_pair.model}\nFROM {micro_pair.projector}\nTEMPLATE {{{{ .Prompt }}}}\n"
    (tmp_path / "Modelfile").write_text(text, encoding="utf-8")
    publish(tmp_path / "Modelfile", "deaf", host=ollama_server.url, verify=False)
    report = verify("deaf", host=ollama_server.url, sounds=[tone()])
    [check] = [c for c in report.checks if c.name.startswith("sound")]
    assert [d.code for d in check.diagnostics] == ["MK869"]
    assert "glm4v" in check.diagnostics[0].message
    assert checked(ollama_server.url, "deaf", Promise()) == {"sound": ("skipped", [])}
    assert checked(ollama_server.url, "deaf", Promise(audio=True)) == {"sound": ("failed", ["MK888"])}


def test_llama_server_hears_by_its_own_endpoints(omni):
    ollama, reason = find_ollama()
    if ollama is None:
        pytest.skip(reason)
    _, model, projector = omni
    program = ollama.resolve().parents[1] / "lib" / "ollama" / "llama-server"
    with LlamaServer(program, model, projector) as server:
        heard = server.ask_sound()
        plain = server.ask()
        url = f"http://127.0.0.1:{server.port}/v1/audio/transcriptions"
        form = {"model": NAME, "response_format": "json"}
        file = {"file": ("tone.wav", tone().data)}
        written = httpx.post(url, data=form, files=file, timeout=60, trust_env=False)
        both = checked(f"http://127.0.0.1:{server.port}", None, Promise(audio=True))
    assert heard.status == plain.status == 200
    assert heard.tokens - plain.tokens > 700
    assert (written.status_code, written.json()["text"]) == (200, "Hello")
    assert both == {"sound": ("passed", []), "transcription": ("passed", [])}
