"""An image like a phone's screen, made when it is needed, with buttons whose places are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.extras import need_pillow
from .encode import encoded
from .image_tokens import Size

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Drawing

SIZE = (720, 1600)
"""Of a common phone, in pixels: 1,482 tokens of 28 by 28."""
GRID = 1000
"""Phone agents count places from 0 to 999, whatever the screen's size."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""

# In thousandths of the screen; none is in the middle, where a model that guesses would tap.
_BUTTONS: Mapping[str, tuple[Box, str]] = {
    "Cancel": ((80, 420, 460, 540), "#d33c3c"),
    "Share": ((540, 420, 920, 540), "#e0a020"),
    "Save": ((80, 680, 460, 800), "#2f66d0"),
    "Send": ((540, 680, 920, 800), "#2f9e4f"),
}


@dataclass(frozen=True)
class PhoneScreen:
    """data: a PNG file; size: in pixels; buttons: the boxes by their labels, on a grid of 0 to 999."""

    data: bytes
    size: Size
    buttons: Mapping[str, Box]


def phone_screen(size: Size = SIZE) -> PhoneScreen:
    """A screen with a status bar, a title and four buttons with labels."""
    need_pillow("the image of a phone's screen")
    from PIL import Image, ImageDraw

    width, height = size
    picture = Image.new("RGB", size, "#f4f4f6")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height // 25), fill="#202124")
    _write(draw, "12:00", (width // 8, height // 50), height // 50, "white")
    _write(draw, "New message", (width // 2, height // 10), height // 30, "black")
    draw.rectangle((width // 20, height // 6, width * 19 // 20, height * 7 // 20), outline="#888888", width=3)
    _write(draw, "Hello!", (width // 5, height // 5), height // 40, "#333333")
    for label, (box, colour) in _BUTTONS.items():
        left, top, right, bottom = (
            n * side // GRID for n, side in zip(box, (width, height) * 2, strict=True)
        )
        draw.rounded_rectangle((left, top, right, bottom), radius=height // 80, fill=colour)
        _write(draw, label, ((left + right) // 2, (top + bottom) // 2), height // 32, "white")
    return PhoneScreen(encoded(picture, "PNG"), size, {label: box for label, (box, _) in _BUTTONS.items()})


def _write(draw: Drawing, text: str, middle: tuple[int, int], height: int, colour: str) -> None:
    from PIL import ImageFont, features

    # A Pillow without FreeType has one font of one size.
    font = ImageFont.load_default(height if features.check("freetype2") else None)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    place = (middle[0] - (left + right) / 2, middle[1] - (top + bottom) / 2)
    draw.text(place, text, font=font, fill=colour)
