from __future__ import annotations

from typing import Any

import pytest
from gguf import GGUFReader

from modelfile_kit.diff.metadata import compare_metadata, metadata_changes
from modelfile_kit.diff.part import Outcome
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import PADDING, patch
from modelfile_kit.micro import build_model
from tests.gguf_file.handmade import Typed, gguf

KEYS = {
    "general.architecture": Typed("string", "glm4"),
    "a": Typed("uint32", 1),
    "b": Typed("string", "x"),
    "c": Typed("int32[]", [1, 2, 3]),
    "tokenizer.ggml.tokens": Typed("string[]", ["a"]),
}


@pytest.fixture
def pair(tmp_path):
    def make(before, after, **form):
        paths = tmp_path / "a.gguf", tmp_path / "b.gguf"
        paths[0].write_bytes(gguf(before))
        paths[1].write_bytes(gguf(after, **form))
        return tuple(map(read_header, paths))

    return make


def test_added_removed_and_changed_keys(pair):
    after = {**KEYS, "a": Typed("uint32", 2), "d": Typed("bool", True)}
    del after["b"]
    part = compare_metadata(*pair(KEYS, after))
    assert part.outcome is Outcome.DIFFERENT
    assert part.lines == ("~ a (uint32): 1 -> 2", "- b (string): 'x'", "+ d (bool): true")
    assert part.summary == "1 added, 1 removed, 1 changed of 4 keys"
    assert part.data["changes"][0] == {"key": "a", "kind": "changed", "lines": ["1 -> 2"]}


def test_a_type_is_a_difference_and_an_order_is_none(pair):
    after = {key: KEYS[key] for key in reversed(KEYS)} | {"a": Typed("int32", 1)}
    assert compare_metadata(*pair(KEYS, after)).lines == ("~ a (int32): 1 (it was of type uint32)",)


def test_vocabulary_and_padding_are_no_part_of_it(pair):
    after = {**KEYS, PADDING: Typed("uint8[]", [0] * 9), "tokenizer.ggml.tokens": Typed("string[]", ["b"])}
    part = compare_metadata(*pair(KEYS, after))
    assert (part.outcome, part.summary) == (Outcome.EQUAL, "4 keys, types and values are the same")


def test_texts_that_are_not_utf_8_are_compared_by_their_bytes(tmp_path):
    paths = []
    for n, byte in enumerate((b"\xff", b"\xfe")):
        paths.append(tmp_path / f"{n}.gguf")
        data = gguf({"b": Typed("string", "\\xff")})
        paths[-1].write_bytes(data.replace(b"\\xff", byte + b"\\xf"))
    [change] = metadata_changes(*(read_header(p).metadata for p in paths))
    assert change.kind == "changed"


def test_the_form_of_the_file(pair):
    assert compare_metadata(*pair(KEYS, KEYS, version=2)).lines == ("~ version of the file: 3 -> 2",)


def test_what_gguf_py_says_differs_after_a_patch_is_what_is_found(tmp_path):
    model = build_model(tmp_path / "m.gguf")
    changes: dict[str, Any] = {
        "general.name": "other",
        "tokenizer.ggml.add_bos_token": True,
        "general.tags": ["x", "y"],
    }
    header = patch(model, tmp_path / "p.gguf", {**changes, "tokenizer.ggml.pre": None})
    before, after = (
        {k: f.contents() for k, f in GGUFReader(path).fields.items() if not k.startswith("GGUF.")}
        for path in (model, tmp_path / "p.gguf")
    )
    meant = {k for k in {*before, *after} if before.get(k) != after.get(k)}
    found = list(metadata_changes(read_header(model).metadata, header.metadata))
    assert {c.key for c in found} == meant == {*changes, "tokenizer.ggml.pre"}
