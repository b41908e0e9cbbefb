"""Types of keys: llama.cpp itself says which it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.key_types import FOR_EACH_LAYER, OF_ARCHITECTURES, OF_FILES, wrong_types
from modelfile_kit.gguf_file.soundness import check_soundness
from modelfile_kit.micro import build_model
from tests.gguf_file.handmade import Typed, entry

# Without a context: the file is read, and no more.
LOADS = """
import json, sys, llama_cpp
settings = llama_cpp.llama_model_default_params()
for path in json.load(sys.stdin):
    model = llama_cpp.llama_load_model_from_file(path.encode(), settings)
    print("taken" if model else "refused")
    if model:
        llama_cpp.llama_free_model(model)
"""
# What the micro model has, so that its tensors agree.
RIGHT = {
    "general.file_type": 0,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "glm4",
    "glm4.embedding_length": 128,
    "glm4.block_count": 2,
    "glm4.expert_count": 0,
}
LAYERS = {"attention.head_count": 4, "attention.head_count_kv": 4, "feed_forward_length": 32}
VALUES = {
    "uint32": 4,
    "int32": 4,
    "uint16": 1,
    "uint64": 4,
    "float32": 1.0,
    "bool": 1,
    "string": "linear",
    "uint32[]": [4, 4],
    "int32[]": [4, 4],
    "uint64[]": [4, 4],
    "float32[]": [1.0, 1.0],
    "string[]": ["a", "b"],
}


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("micro") / "m.gguf")


def with_key(micro: Path, place: Path, key: str, value: Typed) -> Path:
    """The micro model whose key has this value."""
    header, data = read_header(micro), micro.read_bytes()
    kept = [bytes(raw) for name, raw in header.metadata.pieces() if name != key]
    count = (len(kept) + 1).to_bytes(8, "little")
    head = data[:16] + count + b"".join([*kept, entry(key, value)]) + header.metadata.behind
    body = data[header.data_offset :]
    place.write_bytes(head + bytes(-len(head) % header.alignment) + body)
    return place


def cases() -> Iterator[tuple[str, Typed]]:
    known = {**OF_FILES, **{f"glm4.{key}": kind for key, kind in OF_ARCHITECTURES.items()}}
    for key, kind in known.items():
        yield key, Typed(kind, RIGHT.get(key, VALUES[kind]))
        for other in sorted({"int32", "uint64", "float32", "string", "uint32[]"} - {kind}):
            yield key, Typed(other, VALUES[other])
    for key in FOR_EACH_LAYER:
        for kind, value in VALUES.items():
            number = kind.rstrip("[]") in ("uint32", "int32", "uint64")
            one = LAYERS[key] if number else value
            yield f"glm4.{key}", Typed(kind, [one, one] if number and kind.endswith("[]") else one)
        for length in (0, 1, 3):
            yield f"glm4.{key}", Typed("uint32[]", [LAYERS[key]] * length)


def test_what_llama_cpp_takes_is_taken(micro: Path, tmp_path: Path, llama_cpp: None) -> None:
    asked = list(cases())
    files = [with_key(micro, tmp_path / f"{n}.gguf", key, value) for n, (key, value) in enumerate(asked)]
    said = subprocess.run(
        [sys.executable, "-c", LOADS],
        input=json.dumps(list(map(str, files))),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout.split()
    ours = ["refused" if [*wrong_types(read_header(file))] else "taken" for file in files]
    assert [(case, own) for case, own in zip(asked, ours, strict=True)] == list(zip(asked, said, strict=True))
    assert said.count("taken") >= len(OF_FILES)
    assert said.count("refused") > 100


def test_each_is_named_with_what_is_expected(micro: Path, tmp_path: Path) -> None:
    place = tmp_path / "m.gguf"
    header = read_header(with_key(micro, place, "tokenizer.ggml.eos_token_id", Typed("int32", 5)))
    [found] = check_soundness(header)
    assert (found.code, str(found.severity)) == ("MK450", "error")
    assert found.message == "tokenizer.ggml.eos_token_id is of type int32, llama.cpp reads uint32"
    assert "patch" in found.help
    header = read_header(with_key(micro, place, "glm4.feed_forward_length", Typed("int32[]", [32, 32, 32])))
    assert "has 3 entries, llama.cpp reads one for each of 2 layers" in check_soundness(header)[0].message


def test_layers_that_predict_further_tokens_may_be_counted_or_not(micro: Path, tmp_path: Path) -> None:
    place = with_key(micro, tmp_path / "m.gguf", "glm4.nextn_predict_layers", Typed("uint32", 1))
    place = with_key(place, place, "glm4.feed_forward_length", Typed("uint32[]", [32]))
    assert [*wrong_types(read_header(place))] == []
