"""Pillow reads every pixel as it was painted."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from modelfile_kit.vision.png import painted, plain


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (224, 160)])
def test_a_plain_picture(size: tuple[int, int]) -> None:
    found = Image.open(io.BytesIO(plain(size, (250, 3, 90))))
    assert (found.format, found.mode, found.size) == ("PNG", "RGB", size)
    assert found.getcolors() == [(size[0] * size[1], (250, 3, 90))]


def test_a_painted_picture() -> None:
    found = Image.open(io.BytesIO(painted((5, 4), lambda x, y: (x, y, 255 - x * y))))
    assert [found.getpixel((x, y)) for y in range(4) for x in range(5)] == [
        (x, y, 255 - x * y) for y in range(4) for x in range(5)
    ]
