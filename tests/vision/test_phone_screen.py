"""The screen: what is said of its buttons is what is on it."""

from __future__ import annotations

import io

import pytest
from PIL import Image, features

from modelfile_kit.vision.phone_agent import TARGET, inside
from modelfile_kit.vision.phone_screen import SIZE, phone_screen

# By hand, in the colours of the screen.
COLOURS = {"Cancel": (211, 60, 60), "Share": (224, 160, 32), "Save": (47, 102, 208), "Send": (47, 158, 79)}


@pytest.mark.parametrize("size", [SIZE, (1080, 2400), (360, 640)])
def test_buttons_are_where_they_are_said_to_be(size: tuple[int, int]) -> None:
    screen = phone_screen(size)
    picture = Image.open(io.BytesIO(screen.data)).convert("RGB")
    assert (picture.format or "PNG", picture.size) == ("PNG", size)
    assert set(screen.buttons) == set(COLOURS)
    for label, (left, top, right, bottom) in screen.buttons.items():
        for x, y in ((left + 40, top + 15), (right - 40, bottom - 15), (left + 40, bottom - 15)):
            assert picture.getpixel((x * size[0] // 1000, y * size[1] // 1000)) == COLOURS[label]
        # just outside of it is the page
        assert picture.getpixel(((left - 20) * size[0] // 1000, top * size[1] // 1000)) == (244, 244, 246)


def test_a_guess_hits_no_button() -> None:
    screen = phone_screen()
    assert TARGET in screen.buttons
    assert not any(inside((500, y), box) for y in range(0, 1000, 10) for box in screen.buttons.values())


@pytest.mark.parametrize("fonts", [True, False])
def test_labels_are_written_with_and_without_freetype(fonts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fonts:
        monkeypatch.setattr(features, "check", lambda name: False)
    screen = phone_screen()
    picture = Image.open(io.BytesIO(screen.data)).convert("RGB")
    for left, top, right, bottom in screen.buttons.values():
        wide, high = SIZE
        box = (left * wide // 1000, top * high // 1000, right * wide // 1000, bottom * high // 1000)
        part = picture.crop(box)
        colours = [colour for _, colour in part.getcolors(1 << 16) or () if isinstance(colour, tuple)]
        assert max(map(min, colours)) >= 200  # nearly white, which no button is
