"""What is refused, and texts and numbers by hand, after Go's encoding/json and Ollama's format package.

tests/integration/test_kit_push_real.py holds a whole manifest against that of a real server.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro import MicroPair
from modelfile_kit.publish.blobs import Blob, digest_file
from modelfile_kit.publish.create_request import CreateRequest, LocalFile
from modelfile_kit.publish.model_manifest import human_number, make_manifest


def request_of(pair: MicroPair, **more: Any) -> CreateRequest:
    files = (LocalFile(pair.model, "m.gguf"), LocalFile(pair.projector or pair.model, "p.gguf"))
    return CreateRequest(files=files, **more)


def blobs_of(request: CreateRequest) -> list[Blob]:
    return [Blob(f.path, f.name, digest_file(f.path)[0], f.path.stat().st_size, False) for f in request.files]


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


@pytest.mark.parametrize(
    "more",
    [
        {"quantize": "q4_K_M"},
        {"from_model": "llama3"},
        {"adapters": (LocalFile(Path("a"), "a"),)},
        {"drafts": (LocalFile(Path("a"), "a"),)},
    ],
)
def test_what_only_a_server_can_do_is_refused(pair: MicroPair, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as e:
        make_manifest(request_of(pair, **more), [])
    assert e.value.code == "MK827"


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
