from __future__ import annotations

import gguf
import pytest

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.fit import open_model

from ..zoo.writer import write_tensors


def part(folder, number, count=2):
    path = folder / f"m-{number + 1:05d}-of-{count:05d}.gguf"
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_uint16("split.no", number)
    out.add_uint16("split.count", count)
    return write_tensors(out, path, {f"blk.{number}.attn_q.weight": (8, 8)})


def test_all_parts_of_a_split_model_are_read(tmp_path):
    first = part(tmp_path, 0)
    part(tmp_path, 1)
    found = open_model(first)
    assert [tensor.name for tensor in found.tensors] == ["blk.0.attn_q.weight", "blk.1.attn_q.weight"]
    assert len(found.files) == 2


def test_a_missing_part_is_named(tmp_path):
    first = part(tmp_path, 0)
    with pytest.raises(GGUFError) as caught:
        open_model(first)
    assert caught.value.code == "MK422"
    assert "m-00002-of-00002.gguf" in caught.value.message
