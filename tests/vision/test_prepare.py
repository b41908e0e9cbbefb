"""Images of every odd kind, made here with known pixels: what is sent has to show the same."""

from __future__ import annotations

import errno
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from modelfile_kit.vision.image_tokens import Eye
from modelfile_kit.vision.prepare import MAX_SCANS, ImageError, Wishes, prepare_file, prepare_image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def saved(picture: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, image_format, **options)
    return out.getvalue()


def seen(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = picture.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 12 for a, b in zip(found, colour, strict=True))


def corner() -> Image.Image:
    """Green, 40 wide and 20 high, with a red upper left quarter."""
    picture = Image.new("RGB", (40, 20), GREEN)
    picture.paste(RED, (0, 0, 20, 10))
    return picture


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_a_file_in_which_nothing_has_to_change_is_sent_as_it_is(image_format: str) -> None:
    data = saved(corner(), image_format)
    prepared = prepare_image(data)
    assert prepared.data == data
    assert (prepared.format, prepared.size, prepared.changes) == (image_format, (40, 20), ())


# Where the red corner of the stored pixels is on the upright image (EXIF 2.32, Orientation), and its size.
TURNED = {
    2: ((35, 2), (40, 20)),
    3: ((35, 17), (40, 20)),
    4: ((2, 17), (40, 20)),
    5: ((2, 2), (20, 40)),
    6: ((17, 2), (20, 40)),
    7: ((17, 37), (20, 40)),
    8: ((2, 37), (20, 40)),
}


def test_damaged_camera_data_is_told_and_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(corner(), "WEBP", exif=exif)
    place = max(data.find(b"MM\0*"), data.find(b"II*\0"))
    prepared = prepare_image(data[:place] + b"??" + data[place + 2 :])
    assert any("camera data (EXIF) is damaged" in change for change in prepared.changes)
    assert prepared.size == corner().size
    assert not Image.open(io.BytesIO(prepared.data)).getexif()


@pytest.mark.parametrize("orientation", TURNED)
def test_a_photograph_is_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    place, size = TURNED[orientation]
    prepared = prepare_image(saved(corner(), "PNG", exif=exif))
    upright = seen(prepared.data)
    assert prepared.size == prepared.read_size == upright.size == size
    assert near(upright, place, RED)
    opposite = (size[0] - 1 - place[0], size[1] - 1 - place[1])
    assert near(upright, opposite, GREEN)
    assert "EXIF" in prepared.changes[0]


def test_what_a_camera_wrote_is_not_sent() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera of mine"
    data = saved(corner(), "JPEG", exif=exif)
    assert b"a camera of mine" in data
    prepared = prepare_image(data)
    assert b"a camera of mine" not in prepared.data
    assert prepared.changes == ("metadata left out",)


def test_cmyk_becomes_rgb() -> None:
    # no ink but yellow and magenta is red
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    prepared = prepare_image(data)
    assert near(seen(prepared.data), (8, 8), RED)
    assert prepared.changes == ("colours from CMYK to RGB",)


def test_a_palette_with_a_transparent_colour_is_on_white() -> None:
    picture = corner().convert("P", palette=Image.Palette.ADAPTIVE)
    clear = picture.getpixel((0, 0))
    assert isinstance(clear, int)
    prepared = prepare_image(saved(picture, "PNG", transparency=clear))
    assert near(seen(prepared.data), (2, 2), WHITE)
    assert near(seen(prepared.data), (35, 15), GREEN)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_are_on_white(mode: str) -> None:
    picture = Image.new("RGBA", (16, 16), (0, 0, 0, 0)).convert(mode)
    assert near(seen(prepare_image(saved(picture)).data), (8, 8), WHITE)


def test_half_transparent_blue_is_light_blue() -> None:
    picture = Image.new("RGBA", (16, 16), (0, 0, 255, 128))
    assert near(seen(prepare_image(saved(picture)).data), (8, 8), (127, 127, 255))


def sixteen_bit_png(value: int) -> bytes:
    """A grey PNG of 16 bits, by the PNG specification alone."""
    row = b"\0" + struct.pack(">H", value) * 4

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(row * 4)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (0x8080, 128), (65535, 255), (0x2000, 32)])
def test_sixteen_bits_keep_their_grey(value: int, grey: int) -> None:
    assert near(seen(prepare_image(sixteen_bit_png(value)).data), (1, 1), (grey, grey, grey))


def test_floats_are_scaled() -> None:
    picture = Image.new("F", (4, 4), 0.5)
    assert near(seen(prepare_image(saved(picture, "TIFF")).data), (1, 1), (127, 127, 127))


def test_a_colour_profile_is_applied() -> None:
    # of a profile that has red and blue exchanged by its curves nothing is known; Lab says what it means
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    prepared = prepare_image(saved(Image.new("RGB", (8, 8), RED), "PNG", icc_profile=lab.tobytes()))
    assert near(seen(prepared.data), (4, 4), RED)
    assert prepared.changes == ("colours from its profile to sRGB",)
    broken = prepare_image(saved(Image.new("RGB", (8, 8), RED), "PNG", icc_profile=b"nonsense" * 20))
    assert near(seen(broken.data), (4, 4), RED)


@pytest.mark.parametrize("image_format", ["WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "TGA"])
def test_a_format_that_the_engine_may_lack_is_sent_as_another(image_format: str) -> None:
    prepared = prepare_image(saved(corner(), image_format))
    assert prepared.format in ("PNG", "JPEG")
    assert near(seen(prepared.data), (35, 15), GREEN)
    assert prepared.changes[-1] == f"sent as {prepared.format}, was {image_format}"


def test_of_an_animation_the_first_frame_is_sent() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    prepared = prepare_image(data)
    assert near(seen(prepared.data), (8, 8), RED)
    assert "only the first of its frames" in prepared.changes


def test_the_longest_side_and_the_way_it_is_sent() -> None:
    data = saved(corner().resize((400, 200)))
    prepared = prepare_image(data, Wishes(longest=100, sent_as="jpeg"))
    assert (prepared.size, prepared.read_size, prepared.format) == ((100, 50), (400, 200), "JPEG")
    assert near(seen(prepared.data), (10, 10), RED)
    assert prepare_image(data, Wishes(longest=0)).size == (400, 200)
    worse = prepare_image(data, Wishes(longest=100, sent_as="jpeg", quality=10))
    assert len(worse.data) < len(prepared.data)


def test_tokens_are_counted_for_what_is_sent() -> None:
    glm = Eye("glm4v", 336, 14, 2)
    prepared = prepare_image(saved(Image.new("RGB", (1080, 2400), RED)), Wishes(eye=glm, longest=0))
    assert (prepared.size, prepared.tokens) == ((1080, 2400), 39 * 86)
    fewer = prepare_image(saved(Image.new("RGB", (1080, 2400), RED)), Wishes(eye=glm, most_tokens=1000))
    assert fewer.tokens is not None
    assert 900 < fewer.tokens <= 1000


# -- what cannot be used --------------------------------------------------------------------------


def refused(data: bytes, code: str, words: str) -> None:
    with pytest.raises(ImageError, match=words) as e:
        prepare_image(data, name="a.png")
    assert e.value.code == code
    assert e.value.span is not None
    assert e.value.span.file == "a.png"
    assert e.value.help


def test_what_is_no_image() -> None:
    refused(b"", "MK891", "empty")
    refused(b"hello, I am a text", "MK891", "not an image")
    refused(b"\0\0\0\x18ftypheic" + bytes(100), "MK891", "HEIC")
    refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "MK891", "not an image")


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_truncated_file(image_format: str) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = saved(noise, image_format)
    refused(data[: len(data) // 2], "MK891", "damaged|not an image")


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels, of a few kilobytes: all zeros."""
    with io.BytesIO() as out:
        Image.new("1", (8, 8)).save(out, "PNG")
        data = bytearray(out.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


@pytest.mark.parametrize("size", [(10_000, 10_000), (20_000, 10_000), (60_000, 60_000), (0x7FFFFFFF, 1)])
def test_a_decompression_bomb_is_not_decoded(size: tuple[int, int]) -> None:
    refused(bomb(*size), "MK892", "million")


def test_a_side_without_end_is_not_decoded() -> None:
    """Pillow takes memory for each row: a million rows of one pixel are more than their pixels."""
    refused(bomb(1, 65_536), "MK892", "a side of at most 65,535")
    assert prepare_image(saved(Image.new("L", (65_535, 1)))).read_size == (65_535, 1)


def test_a_jpeg_of_many_scans_is_not_decoded() -> None:
    data = saved(noise_image(), "JPEG", progressive=True)
    start = data.rfind(b"\xff\xda")
    scan, scans = data[start:-2], data.count(b"\xff\xda")
    most = data[:start] + scan * (MAX_SCANS - scans + 1) + b"\xff\xd9"
    assert prepare_image(most).size == noise_image().size
    refused(data[:start] + scan * (MAX_SCANS - scans + 2) + b"\xff\xd9", "MK892", "more than 50 scans")
    refused(data[:start] + b"\xff\x01" + scan * (MAX_SCANS + 1) + b"\xff\xd9", "MK892", "more than 50 scans")
    # What cameras put before and behind an image, such as a small one and a film, are no scans of it.
    beside = b"\xff\xda\x00\x02" * (MAX_SCANS + 1)
    inside = b"\xff\xe2" + (len(beside) + 2).to_bytes(2, "big") + beside
    assert prepare_image(data[:2] + inside + data[2:] + beside).size == noise_image().size


def noise_image() -> Image.Image:
    return Image.effect_noise((64, 48), 80).convert("RGB")


def test_two_hundred_megapixels_of_a_camera_are_decoded_small() -> None:
    data = saved(Image.new("L", (16320, 12240), 200), "JPEG", quality=20)
    prepared = prepare_image(data)
    assert (prepared.read_size, prepared.size) == ((16320, 12240), (2048, 1536))
    assert near(seen(prepared.data), (1000, 1000), (200, 200, 200))
    with pytest.raises(ImageError) as e:  # whole, it is too large
        prepare_image(data, Wishes(longest=0))
    assert e.value.code == "MK892"


def test_what_is_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, words in (
        (fifo, "not a regular file"),
        (tmp_path, "folder"),
        (tmp_path / "none.png", "not found"),
    ):
        with pytest.raises(ImageError, match=words) as e:
            prepare_file(path)
        assert e.value.code == "MK903"
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(ImageError, match="0 bytes"):
        prepare_file(empty)
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ImageError, match="1,073,741,824 bytes") as e:
        prepare_file(huge)
    assert e.value.code == "MK892"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(corner()))

    def refuse(*_: object) -> bytes:  # root, as which tests may run, reads everything
        raise PermissionError(errno.EACCES, "no", str(path))

    monkeypatch.setattr("modelfile_kit.vision.prepare.read_file", refuse)
    with pytest.raises(ImageError, match="permission denied"):
        prepare_file(path)
