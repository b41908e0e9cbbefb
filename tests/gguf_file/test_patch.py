"""Copies with other metadata, read by gguf-py and llama.cpp as well."""

from __future__ import annotations

import errno
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfile_kit.core.errors import GGUFError, UsageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import PADDING, patch, plan_patch, write_patch
from modelfile_kit.micro import build_model
from tests.gguf_file.against_ggml import TAKEN, ask_ggml
from tests.gguf_file.handmade import Typed, gguf, tensor

KINDS = {
    "a.uint8": Typed("uint8", 1),
    "a.int16": Typed("int16", -2),
    "a.float32": Typed("float32", 0.5),
    "a.bool": Typed("bool", True),
    "a.string": Typed("string", "text"),
    "a.list": Typed("string[]", ["x", "yy"]),
    "a.uint64": Typed("uint64", 2**40),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return build_model(tmp_path_factory.mktemp("patch") / "m.gguf")


def by_gguf_py(path):
    reader = GGUFReader(path)
    values = {f.name: f.contents() for f in reader.fields.values() if not f.name.startswith("GGUF.")}
    return values, {t.name: t.data.tobytes() for t in reader.tensors}


def test_gguf_py_reads_what_was_changed_and_the_same_tensors(model, tmp_path):
    changes: dict[str, Any] = {
        "tokenizer.chat_template": "{{ bos_token }} 你好 " * 99,
        "tokenizer.ggml.eot_token_id": 3,
        "tokenizer.ggml.eom_token_id": 5,
        "tokenizer.ggml.add_bos_token": False,
        "general.name": None,
        "kit.weight": 0.25,
    }
    header = patch(model, tmp_path / "p.gguf", changes)
    before, tensors = by_gguf_py(model)
    after, copied = by_gguf_py(tmp_path / "p.gguf")
    meant = {k: v for k, v in {**before, **changes}.items() if v is not None}
    assert after == meant
    assert copied == tensors
    assert header.data_offset % header.alignment == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.gguf"]


def test_gguf_py_reads_arrays_that_were_set_and_no_key_that_was_deleted(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(KINDS, [tensor("t")], b"\3" * 16))
    texts = ["a, b", 'c"d', "", "你好", "[x]"]
    new: dict[str, Any] = {
        "a.list": texts,
        "a.bool": None,
        "b.int32": [1, -2],
        "b.float32": [0.5, 2],
        "b.bool": [True, False],
        "b.none": [],
        "b.uint16": [0, 65535],
    }
    types = {"b.float32": "float32[]", "b.none": "string[]", "b.uint16": "uint16[]"}
    found = patch(path, tmp_path / "p.gguf", new, types=types)
    before, tensors = by_gguf_py(path)
    after, copied = by_gguf_py(tmp_path / "p.gguf")
    meant = {k: v for k, v in {**before, **new}.items() if v is not None}
    assert after == meant
    assert copied == tensors
    kinds = ("string[]", "int32[]", "float32[]", "bool[]", "string[]", "uint16[]")
    assert [found.metadata.type_of(k) for k in new if k != "a.bool"] == list(kinds)
    assert patch(tmp_path / "p.gguf", tmp_path / "q.gguf", {"a.list": None}).metadata.get("a.list") is None


def test_a_plan_says_what_would_be_and_writes_nothing(model, tmp_path):
    planned = plan_patch(model, {"general.name": "other", "general.tags": ["x"]})
    assert (planned.before.metadata["general.name"], planned.after.metadata["general.name"]) == (
        read_header(model).metadata["general.name"],
        "other",
    )
    tags: Any = planned.after.metadata["general.tags"]
    assert list(tags) == ["x"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokenizer.ggml.eos_token_id": 999_999}, "the vocabulary has 407 tokens"),
        ({"tokenizer.ggml.tokens": ["a", "b"]}, "the vocabulary has 2 tokens"),
        ({"tokenizer.ggml.token_type": [1, 1]}, "token_type has 2 entries"),
        ({PADDING: [0]}, "mkmodelfile.padding cannot be changed"),
        ({"glm4.block_count": 5}, "the metadata says 5 layers"),
        ({"tokenizer.ggml.tokens": None}, "tokenizer.ggml.tokens cannot be deleted"),
        ({"glm4.context_length": None}, "glm4.context_length cannot be deleted"),
    ],
)
def test_a_change_that_makes_a_file_of_no_use_is_refused(model, changes, said):
    with pytest.raises(UsageError, match=said):
        plan_patch(model, changes, sound=True)


def test_what_was_unsound_before_is_no_reason_to_refuse(model, tmp_path):
    patch(model, tmp_path / "odd.gguf", {"tokenizer.ggml.eos_token_id": 999_999})
    assert plan_patch(tmp_path / "odd.gguf", {"general.name": "x"}, sound=True)
    assert plan_patch(tmp_path / "odd.gguf", {"tokenizer.ggml.eos_token_id": 1}, sound=True)


@pytest.mark.parametrize("alignment", [8, 32, 64, 4096])
@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("length", [0, 1, 7, 500, 4000])
def test_a_padded_head_has_its_data_where_the_source_has_it_in_a_block(alignment, block, length, tmp_path):
    path = tmp_path / "m.gguf"
    entries = {"general.alignment": Typed("uint32", alignment), "a": Typed("string", "x" * 321)}
    path.write_bytes(gguf(entries, [tensor("t")], b"\2" * 16, alignment=alignment))
    planned = plan_patch(path, {"a": "y" * length})
    head = planned.padded_head(block)
    assert len(head) % block == planned.before.data_offset % block
    assert len(head) % alignment == 0
    copy = tmp_path / "p.gguf"
    copy.write_bytes(head + b"\2" * 16)
    values, tensors = by_gguf_py(copy)
    assert (values.pop(PADDING, None) is not None, values["a"]) == (True, "y" * length)
    assert tensors == by_gguf_py(path)[1]
    # another patch takes the padding away
    assert PADDING not in plan_patch(copy, {"a": "z"}).after.metadata


def test_without_changes_nothing_changes(model, tmp_path):
    patch(model, tmp_path / "same.gguf", {})
    assert (tmp_path / "same.gguf").read_bytes() == model.read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [2, 3])
def test_types_byte_order_and_version_stay(order, version, tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(KINDS, [tensor("t", order=order)], b"\1" * 16, order=order, version=version))
    new: dict[str, Any] = {
        "a.uint8": 255,
        "a.int16": -3,
        "a.float32": 2,
        "a.bool": False,
        "a.string": "",
        "a.uint64": 0,
    }
    found = patch(path, path, new)
    assert {k: found.metadata[k] for k in new} == new
    assert [found.metadata.type_of(k) for k in KINDS] == [t.type for t in KINDS.values()]
    assert (found.version, found.byte_order) == (version, "little" if order == "<" else "big")
    assert path.read_bytes()[found.data_offset :] == b"\1" * 16


def test_alignment_of_the_file_is_kept(tmp_path):
    path = tmp_path / "m.gguf"
    entries = {"general.alignment": Typed("uint32", 64), "a": Typed("uint8", 1)}
    path.write_bytes(gguf(entries, [tensor("t")], b"\2" * 16, alignment=64))
    found = patch(path, tmp_path / "p.gguf", {"b": "x" * 70})
    assert found.data_offset % 64 == 0
    assert (tmp_path / "p.gguf").read_bytes()[found.data_offset :] == b"\2" * 16


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("a.uint8", 256, "256 does not fit a.uint8, which is of type uint8"),
        ("a.uint8", -1, "does not fit"),
        ("a.uint8", True, "does not fit"),
        ("a.uint8", 1.5, "does not fit"),
        ("a.bool", 1, "does not fit"),
        ("a.string", 1, "does not fit"),
        ("new", -1, "which is of type uint32"),
        ("new", 1e300, "which is of type float32"),
        ("a.list", "x", "is an array"),
        ("a.list", [1], "of type string"),
        ("a.list", ["x", True], "of type string"),
        ("a.uint8", [1], "does not fit"),
        ("new", [], "does not say the type"),
        ("new", [2**31], "which is of type int32"),
        ("general.alignment", 64, "decides how the file is read"),
        ("split.count", 2, "decides how the file is read"),
        ("", 1, "a key has 1 to"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(key, value, said, tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(KINDS))
    with pytest.raises(UsageError, match=said):
        patch(path, tmp_path / "p.gguf", {key: value})
    assert [p.name for p in tmp_path.iterdir()] == ["m.gguf"]


def test_an_unsound_source_and_a_full_disk_leave_the_old_file(model, tmp_path, monkeypatch):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(model.read_bytes()[:-100])
    old = tmp_path / "p.gguf"
    old.write_bytes(b"old")
    with pytest.raises(GGUFError):
        patch(cut, old, {"a": 1})

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"p\.gguf"):
        patch(model, old, {"a": 1})
    assert old.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.gguf", "p.gguf"]


@pytest.mark.engine
def test_llama_cpp_ends_where_the_new_token_says(model, tmp_path):
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
    from modelfile_kit.runtime.tokenizer import LlamaTokenizer

    old: Any = read_header(model).metadata["tokenizer.ggml.tokens"]
    tokens = list(old)
    stop = tokens.index("<|observation|>")
    patch(model, tmp_path / "p.gguf", {"tokenizer.ggml.eom_token_id": stop})
    ends = []
    for path in (model, tmp_path / "p.gguf"):
        with LlamaTokenizer(path) as tokenizer:
            ends.append(set(tokenizer.info.end_of_generation))
    assert ends[1] - ends[0] == {stop}


VOCAB = Path(__file__).parents[3] / "shared" / "vocab"


@pytest.mark.skipif(find_spec("llama_cpp") is None, reason="needs llama-cpp-python (the extra align)")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="ggml answers in a forked process")
def test_ggml_takes_what_was_written(model, tmp_path):
    """Arrays, deleted keys and the padding of a header, for the micro model and real vocabularies."""
    sources = [model, *sorted(VOCAB.glob("*.gguf"))]
    written = []
    for source in sources:
        changes: dict[str, Any] = {
            "tokenizer.ggml.eos_token_ids": [1, 2],
            "general.tags": ["a, b", "", "é" * 99],
            "kit.flags": [True, False],
            "general.name": None,
        }
        planned = plan_patch(source, changes, sound=True)
        for block in (0, 4096):
            path = tmp_path / f"{source.stem}-{block}.gguf"
            data = source.read_bytes()[planned.before.data_offset :]
            path.write_bytes((planned.padded_head(block) if block else planned.head()) + data)
            written.append(path)
        write_patch(planned, tmp_path / "w.gguf")
        assert (tmp_path / "w.gguf").read_bytes() in (written[-2].read_bytes(), written[-1].read_bytes())
    assert ask_ggml(written) == [TAKEN] * len(written)
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(written[0].read_bytes()[:200])
    assert ask_ggml([damaged]) != [TAKEN]


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
CHANGES = st.dictionaries(
    st.sampled_from(["general.name", "x.a", "x.b", "general.tags", "glm4.context_length"]),
    st.booleans() | st.integers(0, 2**31 - 1) | WORDS | st.floats(-1, 1, width=32) | st.none(),
    min_size=1,
)


@given(CHANGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
def test_any_change_is_what_gguf_py_reads(model, tmp_path, changes):
    before, tensors = by_gguf_py(model)
    made = tmp_path / "any.gguf"
    made.unlink(missing_ok=True)
    try:
        patch(model, made, changes)
    except (UsageError, GGUFError):
        assert not made.exists()  # such as a type that the key cannot have
        return
    after, copied = by_gguf_py(made)
    after.pop(PADDING, None)
    assert after == {k: v for k, v in {**before, **changes}.items() if v is not None}
    assert copied == tensors
