from __future__ import annotations

import random
import struct
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import NumberArray, StringArray, read_header
from modelfile_kit.gguf_file.limits import LARGEST_BLOCK, MAX_ARRAY_LENGTH, MAX_KEYS, MAX_TENSORS
from tests.gguf_file.handmade import Typed, entry, gguf, tensor, text

RANGES = {
    "uint8": st.integers(0, 255),
    "int8": st.integers(-128, 127),
    "uint16": st.integers(0, 2**16 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "float32": st.floats(width=32, allow_nan=False),
    "bool": st.booleans(),
    "uint64": st.integers(0, 2**64 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False),
    "string": st.text(max_size=300),
}
SCALARS = st.one_of(*(st.builds(Typed, st.just(k), v) for k, v in RANGES.items()))
ARRAYS = st.one_of(
    *(st.builds(Typed, st.just(k + "[]"), st.lists(v, max_size=600)) for k, v in RANGES.items())
)
KEYS = st.text(min_size=1, max_size=40).filter(lambda k: k != "general.alignment" and "\0" not in k)
FILES = st.dictionaries(KEYS, SCALARS | ARRAYS, max_size=8)


def plain(value):
    return value.tolist() if isinstance(value, (NumberArray, StringArray)) else value


def read_all(header):
    """Touches everything that is read lazily."""
    return {key: plain(value) for key, value in header.metadata.items()}


@pytest.fixture
def write(tmp_path):
    def write(data: bytes, name: str = "m.gguf"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@given(FILES, st.sampled_from([2, 3]), st.sampled_from(["<", ">"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=80)
def test_reads_back_what_was_written(write, values, version, order):
    header = read_header(write(gguf(values, version=version, order=order)))
    assert read_all(header) == {k: v.value for k, v in values.items()}
    assert {k: header.metadata.type_of(k) for k in values} == {k: v.type for k, v in values.items()}
    assert header.version == version
    assert header.byte_order == {"<": "little", ">": "big"}[order]


def test_agrees_with_ggufs_own_reader(tmp_path):
    import gguf as library
    import numpy as np

    path = tmp_path / "m.gguf"
    writer = library.GGUFWriter(path, "glm4")
    writer.add_name("näme")
    writer.add_block_count(40)
    writer.add_rope_freq_base(10000.0)
    writer.add_uint64("big", 2**63)
    writer.add_bool("yes", True)
    writer.add_array("numbers", [1, -2, 3])
    writer.add_token_list(["a", "é", "", "x" * 300])
    writer.add_tensor("t.weight", np.ones((3, 32), np.float32))
    writer.add_tensor("u.weight", np.zeros((5, 64), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header, other = read_header(path), library.GGUFReader(path)
    theirs = {k: f.contents() for k, f in other.fields.items() if not k.startswith("GGUF.")}
    assert read_all(header) == theirs
    assert [
        (t.name, list(t.shape), t.size, header.data_offset + t.offset, t.elements) for t in header.tensors
    ] == [(t.name, t.shape.tolist(), t.n_bytes, t.data_offset, t.n_elements) for t in other.tensors]
    assert [t.type for t in header.tensors] == [t.tensor_type.name for t in other.tensors]
    assert header.architecture == "glm4"
    assert header.parameter_count == 3 * 32 + 5 * 64


def test_agrees_with_ggufs_own_reader_on_a_real_vocabulary(shared):
    import gguf as library

    path = shared / "vocab" / "ggml-vocab-phi-3.gguf"
    theirs = library.GGUFReader(path).fields
    ours = read_all(read_header(path))
    assert ours == {k: f.contents() for k, f in theirs.items() if not k.startswith("GGUF.")}


def test_opening_builds_no_array(write):
    tokens = [f"token {n}" for n in range(50_000)]
    path = write(gguf({"t": Typed("string[]", tokens), "s": Typed("float32[]", [0.5] * 50_000)}))
    before = sys.getallocatedblocks()
    header = read_header(path)
    opened = sys.getallocatedblocks() - before
    assert opened < 5_000
    metadata: Any = header.metadata
    assert len(metadata["t"]) == len(metadata["s"]) == 50_000
    assert sys.getallocatedblocks() - before < 5_000
    kept = header.metadata["t"].tolist()
    assert kept == tokens
    assert sys.getallocatedblocks() - before > 50_000


@pytest.mark.parametrize(
    ("version", "word"), [(1, "convert the model again"), (4, "update"), (0x12345678, "update")]
)
def test_other_versions_are_refused_with_the_way_out(write, version, word):
    with pytest.raises(GGUFError, match="version") as e:
        read_header(write(gguf(version=version)))
    assert e.value.code == "MK406"
    assert word in e.value.help


WHOLE = gguf(
    {"general.architecture": Typed("string", "glm4"), "t": Typed("string[]", ["a", "bc"])},
    [tensor("w", (8,)), tensor("v", (2, 4), offset=32)],
    bytes(64),
)


def test_the_whole_is_sound(write):
    header = read_header(write(WHOLE))
    assert [t.name for t in header.tensors] == ["w", "v"]
    assert header.tensor_names == {"w", "v"}


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_every_shorter_file_is_called_cut(write, length):
    with pytest.raises(GGUFError) as e:
        read_header(write(WHOLE[:length]))
    if length < 4:
        assert e.value.code == "MK403"
    else:
        assert e.value.code == "MK404"
        assert f"{length:,}" in e.value.message
        assert "download it again" in e.value.help
    assert e.value.span.file.endswith("m.gguf")


def test_a_cut_file_can_be_read_all_the_same(write):
    assert len(read_header(write(WHOLE[:-60]), check_data=False).tensors) == 2


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=400)
def test_mutated_files_never_give_anything_but_a_clear_error(write, at, new):
    data = WHOLE[:at] + new + WHOLE[at + len(new) :]
    try:
        read_all(read_header(write(data)))
    except GGUFError as e:
        assert e.span.file.endswith("m.gguf")
        assert e.help


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=200)
def test_noise_after_the_magic_never_gives_anything_but_a_clear_error(write, noise):
    for head in (b"", b"GGUF", b"GGUF\3\0\0\0", b"GGUF\0\0\0\3", gguf(tensor_count=1, keys=2)):
        try:
            read_all(read_header(write(head + noise)))
        except GGUFError as e:
            assert e.help


def claims(count: int, element: int = 8, order: str = "<") -> bytes:
    """An array entry that claims a length."""
    return text("t", order) + struct.pack(order + "IIQ", 9, element, count)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("count", [2**32, 2**40, 2**63, 2**64 - 1, MAX_ARRAY_LENGTH + 1])
@pytest.mark.parametrize("element", [8, 4, 12, 0])
def test_a_huge_array_is_refused_at_once(write, count, element, order):
    path = write(gguf([claims(count, element, order)], order=order))
    tracemalloc.start()
    with pytest.raises(GGUFError, match=f"{count:,} elements, the limit is {MAX_ARRAY_LENGTH:,}") as e:
        read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert e.value.code == "MK405"
    assert peak < 2**20


@pytest.mark.parametrize("element", [8, 4, 12, 0])
def test_an_array_longer_than_the_file_is_refused_before_it_is_walked(write, element):
    path = write(gguf([claims(MAX_ARRAY_LENGTH, element)]) + bytes(5000))
    with pytest.raises(GGUFError, match="the file ends") as e:
        read_header(path)
    assert e.value.code == "MK404"


def string_of(length: int) -> bytes:
    return text("t") + struct.pack("<IQ", 8, length)


UNSOUND = {
    "string length": (gguf([string_of(2**40)]), "1,099,511,627,776 bytes, the limit", "MK405"),
    "string beyond the end": (gguf([string_of(2**20)]), "the file ends at byte", "MK404"),
    "negative string length": (gguf([string_of(2**64 - 1)]), "the limit", "MK405"),
    "element length": (gguf([claims(1) + struct.pack("<Q", 2**63)]), "element 0 of t claims", "MK405"),
    "key length": (gguf([struct.pack("<Q", 65_536) + b"x" * 70_000]), "key 0 claims 65,536", "MK405"),
    "key count": (gguf(keys=MAX_KEYS + 1), "65,537 keys claimed", "MK405"),
    "tensor count": (gguf(tensor_count=MAX_TENSORS + 1), "131,073 tensors claimed", "MK405"),
    "no key": (gguf([entry("", Typed("uint8", 1))]), "key 0 has no name", "MK401"),
    "same key": (gguf([entry("k", Typed("uint8", 1))] * 2), "key 'k' occurs twice", "MK401"),
    "key not UTF-8": (gguf([entry(b"\xff", Typed("uint8", 1))]), "key 0 is not UTF-8", "MK401"),
    "value type": (gguf([text("k") + struct.pack("<I", 13)]), "k has value type 13", "MK401"),
    "element type": (gguf([claims(1, 13)]), "t has element type 13", "MK401"),
    "array of arrays": (gguf([claims(1, 9)]), "t is an array of arrays", "MK401"),
    "alignment 0": (gguf({"general.alignment": Typed("uint32", 0)}), "power of two", "MK401"),
    "alignment 48": (gguf({"general.alignment": Typed("uint32", 48)}), "power of two", "MK401"),
    "alignment text": (gguf({"general.alignment": Typed("string", "x")}), "must be a uint32", "MK401"),
    "dimensions": (gguf((), [tensor("w", (1,) * 5)]), "'w' has 5 dimensions, the limit is 4", "MK401"),
    "same tensor": (gguf((), [tensor("w")] * 2, bytes(64)), "'w' occurs twice", "MK401"),
    "tensor name": (gguf((), [tensor("w" * 64)]), "tensor 0 claims 64 bytes, the limit is 63", "MK405"),
    "blocks": (gguf((), [tensor("w", (33,), 8)]), "33 elements is not a whole number of Q8_0", "MK401"),
    "zero byte in a key": (gguf({"general.alignment\0": Typed("uint32", 64)}), "holds a zero byte", "MK401"),
    "zero byte in a name": (gguf((), [tensor("w\0v")], bytes(64)), "holds a zero byte", "MK401"),
    "removed type": (
        gguf((), [tensor("w", (32,), 4)], bytes(64)),
        "the type Q4_2 (4)",
        "MK401",
    ),
    "removed layout": (gguf((), [tensor("w", (32,), 36)], bytes(64)), "type IQ4_NL_4_4 (36)", "MK401"),
    "future type": (gguf((), [tensor("w", (4,), 99)], bytes(64)), "'w' has type 99", "MK401"),
    "negative type": (gguf((), [tensor("w", (4,), 2**32 - 1)], bytes(64)), "type 4294967295", "MK401"),
    "a dimension of 2^63 beside none": (
        gguf((), [tensor("w", (0, 2**63))], bytes(64)),
        "more than ggml can count",
        "MK401",
    ),
    "one more than ggml allows": (
        gguf((), [tensor("w", (2**62 - 1, 2), 24)], bytes(64)),
        "more than ggml can count",
        "MK401",
    ),
    "overflow": (gguf((), [tensor("w", (2**32, 2**32))]), "more than ggml can count", "MK401"),
    "bytes overflow": (gguf((), [tensor("w", (2**62,))]), "more than ggml can count", "MK401"),
    "gap": (
        gguf((), [tensor("w"), tensor("v", offset=64)], bytes(99)),
        "'v' begins at byte 64",
        "MK401",
    ),
    "overlap": (gguf((), [tensor("w"), tensor("v", offset=0)], bytes(99)), "expected 32", "MK401"),
    "one byte short": (gguf((), [tensor("w")], bytes(15)), "tensor 'w' needs bytes up to", "MK404"),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_lies_are_named(write, name):
    data, words, code = UNSOUND[name]
    with pytest.raises(GGUFError) as e:
        read_header(write(data))
    assert words in e.value.message
    assert e.value.code == code
    assert e.value.help


def test_last_tensor_needs_no_padding_behind_it(write):
    assert read_header(write(gguf((), [tensor("w")], bytes(16)))).tensors[0].size == 16


def test_what_is_not_utf8_can_be_printed_and_had_as_bytes(write):
    metadata = read_header(write(gguf({"k": Typed("string", b"a\xffb")}))).metadata
    assert metadata["k"] == "a\\xffb"
    assert metadata.raw("k") == b"a\xffb"


def test_getters_take_no_other_type(write):
    values = {"n": Typed("uint32", 7), "s": Typed("string", "x"), "b": Typed("bool", 1)}
    metadata = read_header(write(gguf(values))).metadata
    assert (metadata.integer("n"), metadata.integer("s"), metadata.integer("b")) == (7, None, None)
    assert (metadata.text("s"), metadata.text("n", "-"), metadata.flag("b")) == ("x", "-", True)
    assert metadata.flag("n") is None
    with pytest.raises(TypeError, match="n is of type uint32"):
        metadata.raw("n")


def test_long_strings_between_short_ones_are_walked_right(write):
    """The fast walk of 256 strings and the careful one have to meet."""
    chance = random.Random(3)
    tokens = ["x" * chance.choice([0, 1, 5, 255, 256, 70_000]) for _ in range(1500)]
    header = read_header(write(gguf({"t": Typed("string[]", tokens), "end": Typed("uint8", 9)})))
    assert header.metadata["end"] == 9
    assert [len(t) for t in header.metadata["t"]] == [len(t) for t in tokens]
    assert header.metadata["t"][1023] == tokens[1023]


def test_the_bytes_of_a_header_are_held_once(write):
    """A block more than the header, and an eighth by which a growing buffer is ahead; never twice as much."""
    path = write(gguf({"t": Typed("string[]", [b"x" * 1_000_000] * 32)}))
    tracemalloc.start()
    try:
        header = read_header(path)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = path.stat().st_size
    assert header.metadata.type_of("t") == "string[]"
    assert held < 1.05 * size
    assert most < 1.3 * size + 2 * LARGEST_BLOCK
