"""Tensors as a GGUF header lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

LAYER = re.compile(r"blk\.(\d+)\.")
"""How the name of a tensor of a layer begins, with the layer's number from 0."""

BLOCKS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
    42: ("Q2_0", 64, 18),
}
"""ggml's tensor types by number: name, elements in a block, bytes of a block (ggml.h, ggml-common.h)."""

REMOVED: dict[int, str] = {
    4: "Q4_2",
    5: "Q4_3",
    31: "Q4_0_4_4",
    32: "Q4_0_4_8",
    33: "Q4_0_8_8",
    36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
}
"""Types that ggml once had and refuses now (ggml.h, "support has been removed")."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor.

    shape: as in the file, the fastest-varying dimension first; offset: bytes from the beginning of the
    tensor data; size: in bytes, None for a type that the kit does not know (`read_header` refuses it).
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    size: int | None

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


def size_in_bytes(kind: int, shape: tuple[int, ...]) -> int | None:
    """Bytes of a tensor of this type and shape, None for an unknown type.

    Raises ValueError if a row is not a whole number of blocks.
    """
    if kind not in BLOCKS:
        return None
    name, block, width = BLOCKS[kind]
    row = shape[0] if shape else 1
    if row % block:
        raise ValueError(f"a row of {row} elements is not a whole number of {name} blocks of {block}")
    return prod(shape) // block * width


def type_name(kind: int) -> str:
    """ggml's name of a tensor type, or its number in words."""
    return BLOCKS[kind][0] if kind in BLOCKS else f"type {kind}"
