"""Images as files: the one way in which the kit writes them, for test images and for the user's own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

QUALITY = 95
"""Of a JPEG, where nobody says another: nearly lossless, so that a colour arrives as it is."""


def encoded(picture: Picture, image_format: str, quality: int = QUALITY) -> bytes:
    """The image as the bytes of a file.

    image_format: "PNG", "JPEG" or "WEBP", which is lossless; quality: of a JPEG, 1 to 95. A JPEG keeps the
    colour of every pixel (no subsampling): text on a screen is thin and coloured.
    """
    options: dict[str, Any] = {}
    if image_format == "JPEG":
        options = {"quality": quality, "subsampling": 0}
    elif image_format == "WEBP":
        options = {"lossless": True}
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()
