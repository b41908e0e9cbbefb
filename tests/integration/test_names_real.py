"""Names of models on a real Ollama server: read from its store, without a copy."""

from __future__ import annotations

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.projector_choice import find_projector
from modelfile_kit.huggingface.chat_template_file import load_chat_template, named_chat_template
from modelfile_kit.publish.publish import publish
from modelfile_kit.sources.resolve import resolve

pytestmark = pytest.mark.server


@pytest.fixture
def named(ollama_process, pair, tmp_path, monkeypatch):
    """The micro model on the server, and the server's settings in the environment."""
    (tmp_path / "Modelfile").write_text(f"FROM {pair.model}\nFROM {pair.projector}\nSYSTEM Be brief.\n")
    ollama_process.run("create", "names-test:one", "-f", str(tmp_path / "Modelfile"))
    monkeypatch.setenv("OLLAMA_HOST", ollama_process.host)
    monkeypatch.setenv("OLLAMA_MODELS", str(ollama_process.models))
    yield "ollama://names-test:one"
    ollama_process.run("rm", "names-test:one")


def test_the_store_and_the_server_name_the_same_file(named, ollama_process, pair, monkeypatch, tmp_path):
    stored = resolve(named)
    assert stored.path.parent == ollama_process.models / "blobs"
    assert stored.path.read_bytes() == pair.model.read_bytes()
    assert stored.repository.where.startswith("in the store")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "none"))
    served = resolve(named)
    assert served.path == stored.path and served.digest == stored.digest
    assert served.repository.where == f"on the server {ollama_process.url}"
    assert [p.digest for p in served.projectors] == [p.digest for p in stored.projectors]


def test_the_digest_is_that_which_ollama_shows(named, ollama_process):
    listed = {line.split()[0]: line.split()[1] for line in ollama_process.run("list").splitlines()[1:]}
    assert resolve(named).revision.removeprefix("sha256:").startswith(listed["names-test:one"])


def test_header_and_projector(named, pair):
    header = read_header(named)
    assert header.source == str(resolve(named).path)
    choice = find_projector(header.path, model=header)
    assert choice.path.read_bytes() == pair.projector.read_bytes()
    template = named_chat_template(named)[0]
    assert template == load_chat_template(pair.model)


def test_a_package_by_name_is_fetched_and_published(hub, ollama_process, pair, tmp_path, monkeypatch):
    """Built from the header alone; publish fetches the files, and the server answers about images."""
    files = {"micro-Q8_0.gguf": pair.model, "mmproj-F16.gguf": pair.projector}
    repo = hub.add("org/micro-GGUF", files)
    (tmp_path / "mkmodelfile.yaml").write_text("name: by-name\nmodel: hf.co/org/micro-GGUF:q8_0\n")
    built = build(tmp_path)
    assert not built.files.model.exists()
    assert hub.cdn.sent() < pair.model.stat().st_size
    done = publish(built, "by-name", host=ollama_process.host)
    try:
        assert built.files.model.read_bytes() == pair.model.read_bytes()
        assert repo.commit in str(built.files.model)
        assert done.verified is not None and done.verified.ok
        shown = ollama_process.run("show", "by-name", "--modelfile")
        assert len([line for line in shown.splitlines() if line.startswith("FROM ")]) == 2
    finally:
        ollama_process.run("rm", "by-name")
