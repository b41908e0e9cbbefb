from __future__ import annotations

import json

import gguf
import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.description import FILE_TYPES, describe
from modelfile_kit.micro import build_pair
from tests.gguf_file.handmade import Typed, model


def test_a_model(tmp_path):
    pair = build_pair(tmp_path)
    found = describe(read_header(pair.model))
    theirs = gguf.GGUFReader(pair.model)
    assert (found.kind, found.architecture, found.name) == ("model", "glm4", "micro GLM-4.1V")
    assert found.parameters == sum(int(t.n_elements) for t in theirs.tensors)
    assert found.file_size == pair.model.stat().st_size
    assert (found.context_length, found.embedding_length, found.layers, found.heads) == (65536, 128, 2, 4)
    assert found.file_type == "F32"
    assert found.tensor_types == {"F32": len(theirs.tensors)}
    assert found.rope_sections is True
    assert found.projector is None
    vocabulary = found.vocabulary
    assert (vocabulary.model, vocabulary.pre, vocabulary.add_bos) == ("gpt2", "glm4", False)
    assert vocabulary.eot[0] == "<|user|>"
    assert [t for t, _ in vocabulary.end_of_generation] == ["<|endoftext|>", "<|user|>"]
    assert list(vocabulary.chat_templates) == ["default"]


def test_a_projector(tmp_path):
    found = describe(read_header(build_pair(tmp_path).projector or ""))
    assert (found.kind, found.vocabulary, found.embedding_length, found.layers) == ("projector", None, 16, 1)
    eye = found.projector
    assert (eye.type, eye.width, eye.image_size, eye.patch_size) == ("glm4v", 128, 336, 14)
    assert (eye.sees, eye.hears) == (True, False)


def test_it_can_be_printed_as_json(tmp_path):
    pair = build_pair(tmp_path)
    for path in (pair.model, pair.projector):
        data = json.loads(json.dumps(describe(read_header(path or "")).to_dict()))
        assert data["source"] == str(path)
        assert data["diagnostics"] == []


def test_a_file_that_says_next_to_nothing(header):
    found = describe(header({}))
    assert (found.kind, found.architecture, found.file_type, found.vocabulary) == ("model", "", "", None)
    assert found.parameters == 0


def test_heads_by_layer_and_strange_file_types(header):
    entries = model("openelm", own__attention__head_count=Typed("int32[]", [4, 12, 8]))
    entries["general.file_type"] = Typed("uint32", 777)
    found = describe(header(entries))
    assert (found.heads, found.file_type) == (12, "file type 777")


def test_parts_and_byte_order_are_findings(header):
    split = {"general.architecture": Typed("string", "llama")}
    split |= {"split.no": Typed("uint16", 0), "split.count": Typed("uint16", 2)}
    found = describe(header(split, name="m-00001-of-00002.gguf", order=">"))
    assert found.split == (1, 2)
    assert [d.code for d in found.diagnostics] == ["MK423", "MK422"]


@pytest.mark.parametrize("kind", list(gguf.LlamaFileType), ids=lambda k: k.name)
def test_file_types_are_ggufs(kind):
    if kind is gguf.LlamaFileType.GUESSED:
        assert kind.value not in FILE_TYPES
    else:
        assert FILE_TYPES[kind.value] == kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")
