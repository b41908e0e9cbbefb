"""Simple images as PNG files, written without Pillow, so that test images are there in every installation.

The format: W3C, Portable Network Graphics, third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS, _RGB = 8, 2  # of a sample; colour type
_NO_FILTER = b"\0"  # stands before every row


def painted(size: tuple[int, int], colour_at: Callable[[int, int], Colour]) -> bytes:
    """A PNG file in which every pixel has the colour of its place.

    size: pixels wide and high; colour_at: takes column and row, from 0.
    """
    width, height = size
    return _file(
        size,
        b"".join(_NO_FILTER + b"".join(bytes(colour_at(x, y)) for x in range(width)) for y in range(height)),
    )


def plain(size: tuple[int, int], colour: Colour) -> bytes:
    """A PNG file of one colour."""
    width, height = size
    return _file(size, (_NO_FILTER + bytes(colour) * width) * height)


def _file(size: tuple[int, int], rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", *size, _BITS, _RGB, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
