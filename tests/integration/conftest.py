"""A real Ollama server for the tests of this folder, and micro packages to publish on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.micro.demo_package import write_demo_package
from modelfile_kit.ollama.versions import Target, server_version, since
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OLDER, OllamaProcess, find_ollama, find_release


@pytest.fixture(scope="session")
def ollama_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaProcess]:
    """A real server with a models folder of its own."""
    program, reason = find_ollama()
    if program is None:
        pytest.skip(reason)
    process = OllamaProcess(program, tmp_path_factory.mktemp("ollama"))
    process.start()
    try:
        with OllamaServer(process.host) as server:
            version = server.version()
        if not Target(server_version(version)).has("native_jinja"):
            pytest.skip(f"{program} is Ollama {version}; the micro model needs {since('native_jinja')}")
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="module")
def older_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaProcess]:
    """A server of the older release, for what differs between the two."""
    program, reason = find_release(OLDER)
    if program is None:
        pytest.skip(reason)
    process = OllamaProcess(program, tmp_path_factory.mktemp("older"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(params=["newest", OLDER])
def either_process(request: pytest.FixtureRequest) -> OllamaProcess:
    """The server of the other tests, and the older one: a test that asks for it runs on both."""
    process = request.getfixturevalue("ollama_process" if request.param == "newest" else "older_process")
    assert isinstance(process, OllamaProcess)
    return process


@pytest.fixture
def either_server(either_process: OllamaProcess) -> Iterator[OllamaServer]:
    """A client of either server; what a test publishes is removed after it."""
    yield from _client(either_process)


@pytest.fixture
def ollama_server(ollama_process: OllamaProcess) -> Iterator[OllamaServer]:
    """A client of the real server; what a test publishes is removed after it."""
    yield from _client(ollama_process)


def _client(process: OllamaProcess) -> Iterator[OllamaServer]:
    with OllamaServer(process.host) as server:
        before = {m["model"] for m in server.models()}
        yield server
        for model in server.models():
            if model["model"] not in before:
                server.delete(model["model"])


@pytest.fixture(scope="session")
def micro_pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    """A sound micro pair."""
    return build_pair(tmp_path_factory.mktemp("micro"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo package."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo_package(folder)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Digests and layers are remembered in a folder of the test's own."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


@pytest.fixture(scope="session")
def llama_cpp() -> None:
    """Skips where the extra `align` is not installed."""
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
