from __future__ import annotations

import gguf
import pytest

from modelfile_kit.gguf_file.tensors import BLOCKS, size_in_bytes


@pytest.mark.parametrize("kind", list(gguf.GGML_QUANT_SIZES), ids=lambda k: k.name)
def test_sizes_are_those_of_ggufs_own_table(kind):
    if kind is gguf.GGMLQuantizationType.Q8_1:
        # two 16-bit scales in ggml-common.h, two 32-bit ones in gguf up to 0.19; never stored in files
        assert BLOCKS[kind] == ("Q8_1", 32, 2 + 2 + 32)
        return
    assert BLOCKS[kind] == (kind.name, *gguf.GGML_QUANT_SIZES[kind])


def test_size_in_bytes():
    assert size_in_bytes(0, ()) == 4
    assert size_in_bytes(1, (3, 5)) == 30
    assert size_in_bytes(8, (64, 3)) == 6 * 34
    assert size_in_bytes(12, (512, 0)) == 0
    assert size_in_bytes(99, (4,)) is None
    with pytest.raises(ValueError, match="300 elements is not a whole number of Q4_K blocks of 256"):
        size_in_bytes(12, (300, 256))
