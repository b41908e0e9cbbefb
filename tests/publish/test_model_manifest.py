"""What is refused, and texts and numbers by hand, after Go's encoding/json and Ollama's format package.

tests/integration/test_kit_push_real.py holds a whole manifest against that of a real server.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import MicroPair
from modelfile_kit.micro.stand_in import StandIn, build_stand_in
from modelfile_kit.publish.blobs import Blob, digest_file
from modelfile_kit.publish.create_request import CreateRequest, LocalFile
from modelfile_kit.publish.model_manifest import human_number, make_manifest
from tests.more_files import write_lora

LLAMA = StandIn(
    name="m",
    architecture="llama",
    tokenizer={"model": "gpt2", "pre": "qwen2", "eos_token_id": "<|end|>"},
    control=("<|end|>",),
)


def request_of(pair: MicroPair, **more: Any) -> CreateRequest:
    files = (LocalFile(pair.model, "m.gguf"), LocalFile(pair.projector or pair.model, "p.gguf"))
    return CreateRequest(files=files, **more)


def blobs_of(request: CreateRequest) -> list[Blob]:
    files = request.local_files
    return [Blob(f.path, f.name, digest_file(f.path)[0], f.path.stat().st_size, False) for f in files]


def test_texts_are_written_as_go_writes_them(pair: MicroPair) -> None:
    request = request_of(
        pair,
        template="{{ .Prompt }}",
        parameters={"temperature": 1.0, "stop": ["<|a|>", "é\u2028"], "num_ctx": 4096, "top_p": 0.95},
        messages=({"role": "user", "content": "a & b"},),
        licenses=("MIT", "more"),
        parser="passthrough",
    )
    made = make_manifest(request, blobs_of(request))
    content = {d.digest: b"".join(read(0, d.size)) for d, read in made.blobs}
    body = json.loads(made.data)
    texts = [(d["mediaType"].rpartition(".")[2], content[d["digest"]]) for d in body["layers"]][2:]
    assert texts == [
        ("template", b"{{ .Prompt }}"),
        ("license", b"MIT"),
        ("license", b"more"),
        (
            "params",
            b'{"num_ctx":4096,"stop":["\\u003c|a|\\u003e","\xc3\xa9\\u2028"],"temperature":1,"top_p":0.95}\n',
        ),
        ("messages", b'[{"role":"user","content":"a \\u0026 b"}]\n'),
    ]
    config = json.loads(content[body["config"]["digest"]])
    assert config["model_family"] == "glm4"
    assert config["parser"] == "passthrough"
    assert [d.size for d, _ in made.blobs] == sorted(d.size for d, _ in made.blobs)


@pytest.mark.parametrize("more", [{"quantize": "q4_K_M"}, {"from_model": "llama3"}])
def test_what_only_a_server_can_do_is_refused(pair: MicroPair, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as e:
        make_manifest(request_of(pair, **more), [])
    assert e.value.code == "MK827"


def layers_and_config(request: CreateRequest) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Kinds and sizes of the layers that are files, and the config."""
    made = make_manifest(request, blobs_of(request))
    content = {d.digest: b"".join(read(0, d.size)) for d, read in made.blobs}
    body = json.loads(made.data)
    layers = [(d["mediaType"].rpartition(".")[2], d["size"]) for d in body["layers"]]
    return layers, json.loads(content[body["config"]["digest"]])


def test_adapters_and_drafts_are_layers(pair: MicroPair, tmp_path: Path) -> None:
    lora = write_lora(tmp_path / "lora.gguf")
    patch(pair.model, tmp_path / "mtp.gguf", {"glm4.nextn_predict_layers": 1})
    adapters, drafts = ((LocalFile(p, p.name),) for p in (lora, tmp_path / "mtp.gguf"))
    layers, config = layers_and_config(request_of(pair, adapters=adapters, drafts=drafts))
    assert [kind for kind, _ in layers] == ["model", "projector", "adapter", "draft"]
    assert layers[2][1] == lora.stat().st_size
    assert config["draft"] == {"model_format": "gguf", "architecture": "glm4"}
    assert config["model_families"] == ["glm4"]


def test_files_in_the_wrong_place(pair: MicroPair, tmp_path: Path) -> None:
    lora = LocalFile(write_lora(tmp_path / "lora.gguf"), "lora.gguf")
    wrong = (CreateRequest(files=(lora,)), request_of(pair, adapters=(LocalFile(pair.model, "m.gguf"),)))
    for request in wrong:
        with pytest.raises(UsageError) as e:
            make_manifest(request, blobs_of(request))
        assert e.value.code == "MK827"


def test_a_split_model_has_a_layer_for_each_part(tmp_path: Path) -> None:
    first = tmp_path / "m-00001-of-00003.gguf"
    build_stand_in(replace(LLAMA, parts=3), first)
    build_stand_in(LLAMA, tmp_path / "whole.gguf")
    parts = [LocalFile(p, p.name) for p in sorted(tmp_path.glob("m-*.gguf"))]
    layers, config = layers_and_config(CreateRequest(files=tuple(parts)))
    assert layers == [("model", part.path.stat().st_size) for part in parts]
    assert config["requires"] == "0.35.0"  # server/create_split_gguf.go, splitGGUFMinOllamaVersion
    assert config["model_families"] == ["llama"]
    _, one = layers_and_config(CreateRequest(files=(LocalFile(tmp_path / "whole.gguf", "whole.gguf"),)))
    assert config["model_type"] == one["model_type"] != "0"
    for some in (parts[:2], [parts[1], parts[0], parts[2]], parts[1:]):
        request = CreateRequest(files=tuple(some))
        with pytest.raises(UsageError) as e:
            make_manifest(request, blobs_of(request))
        assert e.value.code == "MK422"
    parts[1].path.unlink()
    request = CreateRequest(files=(parts[0], parts[2]))
    with pytest.raises(UsageError, match="missing"):
        make_manifest(request, blobs_of(request))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1K"),
        (125_000_000, "125M"),
        (500_500_000, "500.50M"),
        (494_032_768, "494.03M"),
        (1_000_000_000, "1B"),
        (2_800_000_000, "2.8B"),
        (7_615_616_512, "7.6B"),
    ],
)
def test_numbers_of_parameters(count: int, text: str) -> None:
    assert human_number(count) == text
