"""Models of Ollama: a store that a real server wrote, a server, and a registry by its manifest."""

from __future__ import annotations

import hashlib
import json

import pytest
from werkzeug import Request, Response

from modelfile_kit.core.errors import SourceError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources import ollama
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.ollama import OllamaModel, stores
from modelfile_kit.sources.repository import read_all
from modelfile_kit.sources.resolve import resolve

IMAGE = "application/vnd.ollama.image"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest_of(**layers: bytes) -> bytes:
    listed = [
        {"mediaType": f"{IMAGE}.{kind.rstrip('_')}", "digest": digest_of(data), "size": len(data)}
        for kind, data in layers.items()
    ]
    return json.dumps({"schemaVersion": 2, "layers": listed}).encode()


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store, and no server."""
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("MODELFILE_KIT_FILES", str(tmp_path / "files"))
    return tmp_path / "models"


def put(store, place: str, **layers: bytes) -> None:
    path = store / "manifests" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(manifest_of(**layers))
    (store / "blobs").mkdir(exist_ok=True)
    for data in layers.values():
        (store / "blobs" / digest_of(data).replace(":", "-")).write_bytes(data)


def test_the_layers_are_files(store, model) -> None:
    put(store, "registry.ollama.ai/library/m/latest", model=model, projector=b"p", template=b"{{ .Prompt }}")
    found = OllamaModel(parse_name("ollama://m"))
    assert {file.path: file.size for file in found.files()} == {
        "model.gguf": len(model),
        "projector.gguf": 1,
        "template": 13,
    }
    assert found.revision == digest_of(manifest_of(model=model, projector=b"p", template=b"{{ .Prompt }}"))
    assert found.where == f"in the store {store}"
    assert read_all(found, found.files()[2]) == b"{{ .Prompt }}"
    resolved = resolve("ollama://m")
    assert resolved.path == store / "blobs" / digest_of(model).replace(":", "-")
    assert resolved.fetch() == resolved.path
    assert [p.path for p in resolved.projectors] == ["projector.gguf"]
    assert resolved.title == "ollama://m:latest/model.gguf"
    assert read_header("ollama://m").size == len(model)


def test_a_model_in_parts_and_a_name_of_the_hub(store, model) -> None:
    put(store, "hf.co/org/repo/Q4_0", model=model, model_=model + b"2", adapter=b"a", params=b"{}")
    found = resolve("ollama://hf.co/org/repo:Q4_0")
    assert [p.path for p in found.parts] == ["model-00001-of-00002.gguf", "model-00002-of-00002.gguf"]
    assert {f.path for f in found.repository.files()} >= {"adapter", "params"}


def test_a_damaged_store(store, model) -> None:
    put(store, "registry.ollama.ai/library/m/latest", template=b"no model")
    with pytest.raises(SourceError, match=r"its manifest .* is damaged"):
        resolve("ollama://m")
    put(store, "registry.ollama.ai/library/n/latest", model=model)
    (store / "blobs" / digest_of(model).replace(":", "-")).unlink()
    with pytest.raises(SourceError, match=r"its model\.gguf is missing"):
        resolve("ollama://n").fetch()
    with pytest.raises(SourceError, match=r"its model\.gguf is missing"):
        read_header("ollama://n")


def registry(httpserver, model: bytes) -> str:
    """A registry with one model; returns its host."""

    def blob(request: Request) -> Response:
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        part = model[first : last + 1]
        where = f"bytes {first}-{first + len(part) - 1}/{len(model)}"
        return Response(part, 206, headers={"Content-Range": where})

    httpserver.expect_request("/v2/ns/m/manifests/1").respond_with_data(
        manifest_of(model=model, license=b"free")
    )
    httpserver.expect_request(f"/v2/ns/m/blobs/{digest_of(model)}").respond_with_handler(blob)
    return f"127.0.0.1:{httpserver.port}"


def test_a_registry_is_read_by_ranges(store, httpserver, model) -> None:
    name = f"ollama://{registry(httpserver, model)}/ns/m:1"
    header = read_header(name)
    assert (header.architecture, header.size) == ("glm4", len(model))
    assert not list(store.parent.glob("files/*"))


def test_what_is_nowhere_says_where_it_was_looked_for(store, httpserver) -> None:
    host = f"127.0.0.1:{httpserver.port}"
    httpserver.expect_request("/v2/ns/none/manifests/1").respond_with_data("{}", status=404)
    with pytest.raises(SourceError) as e:
        resolve(f"ollama://{host}/ns/none:1")
    assert e.value.code == "MK481"
    for words in (str(store), "127.0.0.1:9 does not answer", f"the registry {host} does not have it"):
        assert words in e.value.message
    httpserver.expect_request("/v2/ns/odd/manifests/1").respond_with_data("<html>", status=200)
    with pytest.raises(SourceError, match="which is no JSON"):
        resolve(f"ollama://{host}/ns/odd:1")


def test_a_server_elsewhere_keeps_its_files(store, httpserver, model, monkeypatch) -> None:
    """Its answer names the blob, which only that machine can read."""
    blob = digest_of(model).replace(":", "-")
    answer = {"modelfile": f"FROM /root/.ollama/models/blobs/{blob}\nTEMPLATE x\n"}
    httpserver.expect_request("/api/show", method="POST").respond_with_json(answer)
    # Two names of this machine: the server is taken for another one, the registry is not.
    monkeypatch.setattr("modelfile_kit.sources.ollama.is_loopback", lambda url: "127.0.0.1" in url)
    monkeypatch.setenv("OLLAMA_HOST", f"localhost:{httpserver.port}")
    name = f"ollama://127.0.0.1:{httpserver.port}/ns/m:1"
    none = httpserver.expect_oneshot_request("/v2/ns/m/manifests/1")
    none.respond_with_data("{}", status=404)
    with pytest.raises(SourceError, match="whose files cannot be read from here") as e:
        resolve(name)
    assert "run the command on that machine" in e.value.help
    registry(httpserver, model)  # the same contents are there
    assert read_header(name).size == len(model)


def test_a_server_here_with_another_store(store, httpserver, model, monkeypatch, tmp_path) -> None:
    blob = tmp_path / "elsewhere" / digest_of(model).replace(":", "-")
    blob.parent.mkdir()
    blob.write_bytes(model)
    answer = {"modelfile": f"# FROM m\nFROM {blob}\nTEMPLATE x\n"}
    httpserver.expect_request("/api/show", method="POST", json={"model": "m:latest"}).respond_with_json(
        answer
    )
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{httpserver.port}")
    assert resolve("ollama://m").path == blob
    assert read_header("ollama://m").size == len(model)
    locked = OllamaModel(parse_name("ollama://m"))
    locked.settle(digest_of(model), OllamaModel(parse_name("ollama://m")).files())
    assert locked.place(locked.files()[0]) == blob


def test_where_stores_are(monkeypatch) -> None:
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert [str(store) for store in stores()] == [
        "/home/me/.ollama/models",
        "/usr/share/ollama/.ollama/models",
    ]


@pytest.mark.parametrize("path", ["/a\0", "/a\ud800"])
def test_a_server_whose_paths_are_none(store, httpserver, path, monkeypatch) -> None:
    said = {"modelfile": f"FROM {path}/sha256-{'a' * 64}\n"}
    httpserver.expect_request("/api/show").respond_with_json(said)
    httpserver.expect_request("/v2/ns/model/manifests/latest").respond_with_data("{}", status=404)
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{httpserver.port}")
    with pytest.raises(SourceError, match=f"{httpserver.port} does not have it; ") as e:
        resolve(f"ollama://127.0.0.1:{httpserver.port}/ns/model")
    assert e.value.code == "MK481"


def test_a_server_that_describes_without_end(store, httpserver, monkeypatch) -> None:
    monkeypatch.setattr(ollama, "MAX_SHOWN_BYTES", 1 << 20)
    sent: list[int] = []

    def flood():
        for _ in range(1 << 10):
            sent.append(1 << 16)
            yield b" " * (1 << 16)

    httpserver.expect_request("/api/show").respond_with_handler(lambda request: Response(flood()))
    httpserver.expect_request("/v2/ns/model/manifests/latest").respond_with_data("{}", status=404)
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{httpserver.port}")
    with pytest.raises(SourceError, match=f"{httpserver.port} does not have it; "):
        resolve(f"ollama://127.0.0.1:{httpserver.port}/ns/model")
    assert sum(sent) < 1 << 25
