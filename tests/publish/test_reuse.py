from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.publish.blobs import Blob
from modelfile_kit.publish.create_request import CreateRequest
from modelfile_kit.publish.reuse import LayerMemory, body_from_layers
from modelfile_kit.publish.served_model import ServedModel

LAYERS = (("FROM", "sha256-a"), ("FROM", "sha256-b"))


def blob(name, digest):
    return Blob(Path(name), name, digest, 1, False)


@pytest.fixture
def memory(tmp_path):
    return LayerMemory(tmp_path / "layers")


def served(**show):
    return ServedModel.from_show("m", show)


def test_layers_are_remembered_by_the_files_they_came_from(memory):
    files = [blob("m.gguf", "sha256:1"), blob("p.gguf", "sha256:2")]
    assert memory.get(files) is None
    memory.put(files, LAYERS)
    assert memory.get(files) == LAYERS
    assert memory.get(files[::-1]) == LAYERS
    assert memory.get(files[:1]) is None
    assert memory.get([blob("m.gguf", "sha256:3"), files[1]]) is None


def test_a_quantized_model_is_another_one(memory):
    files = [blob("m.gguf", "sha256:1")]
    memory.put(files, LAYERS, "q4_K_M")
    assert memory.get(files) is None
    assert memory.get(files, "q8_0") is None
    assert memory.get(files, "Q4_K_M") == LAYERS
    body = body_from_layers(CreateRequest(template="t", quantize="q4_K_M"), served(), "m", "tmp")
    assert body is not None and "quantize" not in body


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"layers": 1}', b'{"layers": [[1]]}', b"\xff"])
def test_a_damaged_memory_counts_as_none(memory, damage):
    memory.put([blob("m", "sha256:1")], LAYERS)
    [entry] = memory.folder.iterdir()
    entry.write_bytes(damage)
    assert memory.get([blob("m", "sha256:1")]) is None


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        (served(), CreateRequest()),  # create would choose a template of its own
        (served(system="s"), CreateRequest(template="t")),
        (served(messages=[{"role": "user", "content": "x"}]), CreateRequest(template="t")),
        (served(requires="0.14.0"), CreateRequest(template="t")),
        (served(modelfile="RENDERER r\n"), CreateRequest(template="t")),
        (served(modelfile="PARSER r\n"), CreateRequest(template="t")),
        (served(parameters="top_k    3"), CreateRequest(template="t")),
        (served(license="MIT"), CreateRequest(template="t")),
        (served(license="MIT"), CreateRequest(template="t", licenses=("BSD",))),
    ],
)
def test_what_cannot_be_taken_away_rules_it_out(existing, wanted):
    assert body_from_layers(wanted, existing, "m", "tmp") is None


def test_what_is_given_replaces_what_is_inherited():
    existing = served(
        system="old", parameters='top_k   3\nstop   "a"', license="MIT", modelfile="RENDERER r\n"
    )
    wanted = CreateRequest(
        template="t", system="new", parameters={"top_k": 4}, licenses=("MIT",), renderer="q"
    )
    assert body_from_layers(wanted, existing, "m", "tmp") == {
        "model": "tmp",
        "from": "m",
        "template": "t",
        "system": "new",
        "renderer": "q",
        "parameters": {"top_k": 4, "stop": []},
    }


def test_a_first_licence_is_sent():
    got = body_from_layers(CreateRequest(template="t", licenses=("MIT",)), served(), "m", "tmp")
    assert got["license"] == ["MIT"]
