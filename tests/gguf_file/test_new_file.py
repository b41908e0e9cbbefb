"""The bytes of gguf's own writer, and what its reader reads."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from modelfile_kit.gguf_file.encode import Value
from modelfile_kit.gguf_file.float_tensor import FloatTensor
from modelfile_kit.gguf_file.new_file import new_gguf

TEXTS = ["", "plain", "Grüße, 世界 🌍", "line\nbreak \0 NUL"]
SHAPES = {"row": (3,), "matrix": (4, 7), "kernel": (2, 3, 5, 1), "blk.0.attn_q.weight": (8, 8)}


def tensors() -> dict[str, FloatTensor]:
    made = {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        made[name] = FloatTensor(*shape)
        made[name][:] = [n / 7 - number for n in range(len(made[name]))]
    return made


def theirs(path, given: dict[str, FloatTensor]) -> bytes:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_string("a.text", TEXTS[2])
    writer.add_uint32("an.integer", 4294967295)
    writer.add_float32("a.number", 1e-5)
    writer.add_bool("a.truth", True)
    writer.add_array("texts", TEXTS)
    writer.add_array("integers", [-1, 0, 2147483647])
    writer.add_array("numbers", [0.1, -2.5])
    writer.add_array("truths", [True, False])
    writer.add_uint16("split.no", 65535)
    writer.add_uint64("long", 1 << 63)
    for name, tensor in given.items():
        writer.add_tensor(name, np.array(list(tensor), np.float32).reshape(tensor.shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def ours(given: dict[str, FloatTensor]) -> bytes:
    keys: dict[str, Value] = {
        "a.text": TEXTS[2],
        "an.integer": 4294967295,
        "a.number": 1e-5,
        "a.truth": True,
        "texts": TEXTS,
        "integers": [-1, 0, 2147483647],
        "numbers": (0.1, -2.5),
        "truths": [True, False],
        "split.no": 65535,
        "long": 1 << 63,
    }
    return new_gguf("llama", keys, given, types={"split.no": "uint16", "long": "uint64"})


def test_the_bytes_are_those_of_gguf(tmp_path):
    given = tensors()
    assert ours(given) == theirs(tmp_path / "m.gguf", given)
    assert ours({}) == theirs(tmp_path / "bare.gguf", {})


def test_gguf_reads_every_number(tmp_path):
    given = tensors()
    path = tmp_path / "m.gguf"
    path.write_bytes(ours(given))
    read = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    assert list(read) == list(SHAPES)
    for name, tensor in given.items():
        assert read[name].dtype == np.float32
        assert read[name].tolist() == np.array(list(tensor)).reshape(tensor.shape).tolist()


@pytest.mark.parametrize(
    ("value", "types"), [([], {}), (-1, {}), (65536, {"k": "uint16"}), ("x", {"k": "bool"})]
)
def test_what_does_not_fit_is_refused(value, types):
    with pytest.raises(ValueError):
        new_gguf("llama", {"k": value}, {}, types=types)
