"""Pairs, layouts and odd files on a real server: what tests/zoo says is right is what Ollama does.

Seen on Ollama 0.33.0 and 0.34.4 (November 2026): sound goes into `images` of a request as images do, and is
answered; an image for a model that only hears is HTTP 400 "Failed to tokenize prompt".
"""

from __future__ import annotations

import base64
import functools
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.errors import KitError, PackageError, ServerError
from modelfile_kit.ollama.versions import server_version
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.vision.colour_images import colour_probes
from tests.zoo.engine import sound
from tests.zoo.layouts import FAMILIES, LAYOUTS
from tests.zoo.pairs import MARKS, projector_of, small
from tests.zoo.writer import text_model

pytestmark = pytest.mark.server

publish = functools.partial(publishing.publish, verify=False)


def package(folder: Path, model: Path, projector: str = "auto") -> Path:
    """A package of a model, with a name that no other test has."""
    folder.mkdir()
    text = f"name: zoo\nmodel: {model}\nprojector: {projector}\nparameters: {{num_ctx: 2048}}\n"
    (folder / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    return folder


def ask(server: OllamaServer, media: bytes | None = None) -> int:
    """How many tokens the prompt has; raises where the server answers an error."""
    message = {"role": "user", "content": "hi"}
    if media is not None:
        message = {**message, "images": [base64.b64encode(media).decode()]}  # type: ignore[dict-item]
    reply = server.chat("zoo", [message], options={"num_predict": 2})
    return reply.prompt_tokens or 0


@pytest.mark.parametrize("kind", FAMILIES)
def test_one_pair_of_each_family(kind: str, tmp_path: Path, ollama_server: OllamaServer) -> None:
    model = text_model(tmp_path / "m-7b.gguf", tokens=MARKS, words=("ĊĊ",))
    eye = projector_of(tmp_path / "mmproj-m-7b.gguf", kind)
    publish(build(package(tmp_path / "package", model, str(eye))), "zoo", host=ollama_server.url)
    senses = small(kind).senses
    capabilities = set(ollama_server.show("zoo")["capabilities"])
    assert ("audio" in capabilities) is ("audio" in senses)
    assert "vision" in capabilities  # of any projector, for sound too
    plain = ask(ollama_server)
    media = sound() if senses == ("audio",) else colour_probes()[0].bytes
    assert ask(ollama_server, media) > plain


def test_verify_sends_a_sound(tmp_path: Path, ollama_server: OllamaServer) -> None:
    model = text_model(tmp_path / "m-7b.gguf")
    ear = projector_of(tmp_path / "mmproj-m-7b.gguf", "qwen2a")
    built = build(package(tmp_path / "package", model, str(ear)))
    publish(built, "zoo", host=ollama_server.url)
    expectation = Expectation.from_build(built)
    report = verify("zoo", host=ollama_server.url, expectation=expectation, max_tokens=4)
    (heard,) = (c for c in report.checks if c.name == "sound")
    assert (heard.status, "tokens" in heard.detail) == ("ok", True)
    assert [c.status for c in report.checks if c.name in ("capabilities", "images")] == ["ok", "skip"]


SOUND = [
    name for name, layout in LAYOUTS.items() if not layout.refused and name not in ("small gemma", "parts")
]


@pytest.mark.parametrize("name", [n for n in SOUND if not n.endswith("projector")])
def test_layouts_become_what_is_said(name: str, tmp_path: Path, ollama_server: OllamaServer) -> None:
    layout = LAYOUTS[name]
    layout.write(tmp_path / "files")
    built = build(package(tmp_path / "package", tmp_path / "files" / layout.model))
    publish(built, "zoo", host=ollama_server.url)
    shown = ollama_server.show("zoo")
    assert ("vision" in shown["capabilities"]) is (layout.input != "text")
    assert bool(shown.get("projector_info")) is bool(layout.projector)


@pytest.mark.parametrize("name", ["big-endian", "part missing", "layers", "nan", "another width"])
def test_what_is_refused_does_not_run(
    name: str, tmp_path: Path, ollama_server: OllamaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses it while creating, or at the first chat; the kit refuses it before."""
    layout = LAYOUTS[name]
    layout.write(tmp_path)
    froms = sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".gguf")
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text("".join(f"FROM ./{f}\n" for f in froms), encoding="utf-8")
    if name != "another width":  # the pair of a Modelfile is lint's, not publish's
        with pytest.raises(KitError) as caught:
            publish(modelfile, "zoo", host=ollama_server.url)
        assert caught.value.code in layout.codes
        monkeypatch.setattr("modelfile_kit.publish.create_request._refuse_unsound", lambda _: None)
    if name == "part missing":
        return  # without its parts there is nothing to send
    if name == "nan" and server_version(ollama_server.version()) >= (0, 34, 0):
        return  # these no longer pass files through llama-quantize: the model is created and answers
    with pytest.raises((ServerError, PackageError)):
        publish(modelfile, "zoo", host=ollama_server.url)
        ask(ollama_server)
