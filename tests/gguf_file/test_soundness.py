"""Files that no engine takes. What llama.cpp compares is in llama-model.cpp and ggml's validation of rows."""

from __future__ import annotations

import struct

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.soundness import check_soundness
from modelfile_kit.micro import build_pair
from tests.gguf_file.handmade import Typed, gguf, model, projector, tensor

F32, F16, Q8_0, BF16, Q4_K, MXFP4 = 0, 1, 8, 30, 12, 39


def told(header):
    return [(d.code, str(d.severity)) for d in check_soundness(header)]


def whole(header, architecture="llama", shapes=(), *, tokens=4, layers=2, width=128, **more):
    """A model whose metadata says 2 layers, width 128, ff 64 and 4 tokens, with tensors of given shapes."""
    entries = model(
        architecture,
        [f"t{n}" for n in range(tokens)],
        (),
        own__block_count=Typed("uint32", layers),
        own__embedding_length=Typed("uint32", width),
        own__feed_forward_length=Typed("uint32", 64),
        **more,
    )
    placed, offset = [], 0
    for name, shape in shapes:
        placed.append(tensor(name, shape, F32, offset))
        size = 4
        for n in shape:
            size *= n
        offset += (size + 31) // 32 * 32
    return header(entries, placed, bytes(offset), name="m.gguf")


SOUND = [
    ("token_embd.weight", (128, 4)),
    ("blk.0.attn_norm.weight", (128,)),
    ("blk.0.ffn_up.weight", (128, 64)),
    ("blk.0.ffn_down.weight", (64, 128)),
    ("blk.1.attn_q.weight", (128, 256)),
    ("blk.1.attn_output.weight", (256, 128)),
]


def test_the_micro_pair_and_a_header_without_tensors_are_sound(tmp_path, header):
    pair = build_pair(tmp_path)
    assert told(read_header(pair.model)) == []
    assert told(read_header(pair.projector or "")) == []
    assert told(header(model())) == []
    assert told(whole(header, shapes=SOUND)) == []


@pytest.mark.parametrize(
    ("changes", "shapes", "said"),
    [
        ({"layers": 1}, [], "says 1 layers, the tensors go up to blk.1"),
        ({"layers": 4}, [], "says 4 layers, the file has tensors of 2 (blk.2, blk.3 missing)"),
        ({"layers": 4_000_000_000}, [], "the file has tensors of 2"),
        ({"width": 256}, [], "llama.embedding_length is 256, token_embd.weight is 128 wide"),
        ({"tokens": 5}, [], "the vocabulary has 5 tokens, token_embd.weight has 4 rows"),
        ({}, [("output.weight", (128, 7))], "the vocabulary has 4 tokens, output.weight has 7 rows"),
        ({}, [("blk.1.ffn_up.weight", (128, 96))], "blk.1.ffn_up.weight is 128 × 96"),
        ({}, [("blk.1.ffn_gate.weight", (96, 64))], "blk.1.ffn_gate.weight is 96 × 64"),
        ({}, [("blk.1.attn_norm.weight", (64,))], "blk.1.attn_norm.weight is 64"),
    ],
)
def test_metadata_against_tensors(header, changes, shapes, said):
    found = check_soundness(whole(header, shapes=[*SOUND, *shapes], **changes))
    assert {d.code for d in found} == {"MK427"}
    assert said in found[0].message
    assert all(d.severity == "error" and d.help for d in found)


def test_every_token_has_a_type(header):
    types = {"tokenizer__ggml__token_type": Typed("int32[]", [1, 1])}
    assert told(header(model("llama", ["a", "b", "c"], (), **types))) == [("MK427", "error")]


def test_fused_ffn_up_of_glm_4_is_right(header):
    fused = [("token_embd.weight", (128, 4)), ("blk.0.ffn_up.weight", (128, 128))]
    assert told(whole(header, "glm4", [*fused, ("blk.1.x", (1,))])) == []
    assert told(whole(header, "llama", [*fused, ("blk.1.x", (1,))])) == [("MK427", "error")]


def test_layers_that_predict_further_tokens_may_be_left_out(header):
    more = {"own__nextn_predict_layers": Typed("uint32", 1)}
    assert told(whole(header, "glm4moe", SOUND, layers=3, **more)) == []
    assert told(whole(header, "glm4moe", SOUND, layers=3)) == [("MK427", "error")]


def test_layers_of_all_parts_count(tmp_path):
    for number in range(2):
        more = {"split__count": Typed("uint16", 2), "split__no": Typed("uint16", number)}
        data = gguf(model("glm4moe", ("a",), (), **more), [tensor(f"blk.{number}.x")], bytes(32))
        (tmp_path / f"m-0000{number + 1}-of-00002.gguf").write_bytes(data)
    first = tmp_path / "m-00001-of-00002.gguf"
    assert told(read_header(first)) == []
    (tmp_path / "m-00002-of-00002.gguf").rename(tmp_path / "n.gguf")
    assert told(read_header(first)) == [("MK422", "error")]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("eos", 4, [("MK428", "error")]),
        ("bos", 4, [("MK428", "error")]),
        ("eot", 151645, [("MK428", "error")]),
        ("padding", 4, [("MK428", "warning")]),
        ("eos", 3, []),
    ],
)
def test_ids_outside_the_vocabulary(header, key, value, found):
    more = {f"tokenizer__ggml__{key}_token_id": Typed("uint32", value)}
    assert told(header(model("llama", ["a", "b", "c", "d"], (), **more))) == found


def block(kind, half):
    """One block of a type with a half-precision scale of these bits."""
    scale = struct.pack("<H", half)
    return {Q8_0: scale + bytes(32), Q4_K: b"\0\0" + scale + bytes(140), F16: scale * 32}[kind]


@pytest.mark.parametrize(
    ("kind", "data", "word"),
    [
        (F32, struct.pack("<4f", 0, 1, float("nan"), 2) + bytes(112), "NaN"),
        (F32, struct.pack("<4f", 0, 1, float("-inf"), 2) + bytes(112), "infinity"),
        (F32, struct.pack("<4f", 3.4e38, -1e-40, 0, 2) + bytes(112), ""),
        (BF16, struct.pack("<H", 0x7FC0) + bytes(62), "NaN"),
        (BF16, struct.pack("<H", 0x7F7F) + bytes(62), ""),
        (F16, block(F16, 0xFE00), "NaN"),
        (F16, block(F16, 0x7BFF), ""),
        (Q8_0, block(Q8_0, 0x7E00), "NaN"),
        (Q8_0, block(Q8_0, 0x3C00), ""),
        (Q4_K, block(Q4_K, 0x7C00), "infinity"),
        (MXFP4, b"\xff" + bytes(16), ""),
    ],
)
def test_numbers_that_are_none(header, kind, data, word):
    length = 256 if kind == Q4_K else 32
    entries = model("llama", own__block_count=Typed("uint32", 1))
    read = header(entries, [tensor("blk.0.x.weight", (length,), kind)], data, name="m.gguf")
    found = check_soundness(read)
    assert [d.code for d in found] == (["MK429"] if word else [])
    assert not word or f"holds {word}" in found[0].message
    assert check_soundness(read, sample=False) == []


def test_a_projector_is_sampled_too(header):
    bad = struct.pack("<f", float("nan")) * 4
    read = header(projector("glm4v"), [tensor("mm.down.weight", (2, 2))], bad + bytes(16), name="p.gguf")
    assert told(read) == [("MK429", "error")]


def test_big_endian_ends_the_findings(header):
    assert told(header(model(), order=">")) == [("MK423", "error")]


@pytest.mark.parametrize(
    "entries",
    [
        # llama.cpp's tools/imatrix/imatrix.cpp writes these keys and no architecture.
        {"general.type": Typed("string", "imatrix"), "imatrix.chunk_count": Typed("uint32", 10)},
        {"general.type": Typed("string", "imatrix"), "general.architecture": Typed("string", "qwen3")},
        # tools/cvector-generator/cvector-generator.cpp
        {"general.architecture": Typed("string", "controlvector")},
        {"general.name": Typed("string", "nothing else")},
    ],
)
def test_a_gguf_that_is_no_model(header, entries):
    # Ollama 0.34.4 creates a model from an importance matrix, and its engine cannot load it.
    assert told(header(entries, (), b"", name="imatrix.gguf")) == [("MK448", "error")]
