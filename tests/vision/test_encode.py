"""Files of images: another reader sees the same."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from modelfile_kit.vision.encode import encoded


@pytest.mark.parametrize(("image_format", "loss"), [("PNG", 0), ("WEBP", 0), ("JPEG", 3)])
def test_thin_coloured_lines_arrive(image_format: str, loss: int) -> None:
    picture = Image.new("RGB", (32, 32), (200, 200, 200))
    picture.paste((220, 40, 40), (0, 0, 16, 32))
    found = Image.open(io.BytesIO(encoded(picture, image_format)))
    assert found.format == image_format
    assert found.size == (32, 32)
    for place in ((4, 4), (15, 9), (16, 9), (30, 30)):
        pairs = zip(found.convert("RGB").getpixel(place), picture.getpixel(place), strict=True)  # type: ignore[arg-type]
        assert all(abs(a - b) <= loss for a, b in pairs)
