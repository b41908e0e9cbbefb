"""An image file as a model is sent it: upright, in a size and a format that the engine takes.

The engines read images with stb_image (PNG, JPEG, BMP, GIF without animation; no WebP, no TIFF), which knows
neither the EXIF orientation nor colour profiles and drops transparency. All that is done here, once, so that
the model sees what a person sees. transformers' processors turn images upright too (image_utils.load_image).
"""

from __future__ import annotations

import io
import re
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.diagnostics import Span
from ..core.errors import KitError
from ..core.extras import need_pillow
from ..core.files import read_file, why_no_file
from ..core.os_errors import os_next_step, os_reason
from .encode import encoded
from .image_size import LONGEST, sent_size
from .image_tokens import FORMULAS, Eye, Size

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

UNREADABLE, TOO_LARGE = "MK891", "MK892"
MAX_FILE_BYTES = 256 << 20
MAX_PIXELS = 64_000_000
"""Of an image that has to be decoded whole: 192 MB as RGB."""
MAX_SCALED_PIXELS = 400_000_000
"""Of a baseline JPEG, which is decoded at a half, a quarter or an eighth of its size."""
MAX_SIDE = 65_535
"""The most that JPEG can write; Pillow takes a block of memory for each row, however short."""
MAX_SCANS = 50
"""Passes of a progressive JPEG, each over the whole image; programs write about ten, mozjpeg up to twenty."""
QUALITY = 92
SENT_AS = ("auto", "png", "jpeg")

# What is read at all: no format that starts another program (EPS) or is drawn (WMF).
_READ = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "AVIF", "HEIF", "JPEG2000", "ICO")
_AS_JPEG = frozenset({"JPEG", "MPO", "WEBP", "AVIF", "HEIF", "JPEG2000"})
# Keys of Pillow's `info` under which cameras and programs write about the person, the place and the program.
_WRITTEN = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "Software", "Author"})
_ORIENTATION = 0x0112
_LYING = frozenset({5, 6, 7, 8})  # the sides change places
# A marker of a JPEG within the data of a scan: there 0xFF is followed by 0, or by a mark to start anew.
# (and the two markers without a length, 0x01 and a second beginning, say nothing).
_MARKER = re.compile(rb"\xff+[^\x00\x01\xd0-\xd8\xff]")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_WHITE = (255, 255, 255, 255)
_SMALLER = "make it smaller before, for example `magick IN -resize 2048x2048 OUT`"

# One image is decoded at a time: it is the memory of the work, and no model is asked faster by more.
_DECODING = threading.Lock()


class ImageError(KitError):
    """An image file that cannot be used."""

    code = UNREADABLE


@dataclass(frozen=True)
class Wishes:
    """How images are to be sent.

    eye: what the projector's file says, None where it is not known; longest: of the longer side, in pixels, 0
    for any; most_tokens: what an image may cost, 0 for any; quality: of a JPEG, 1 to 95; sent_as: one of
    `SENT_AS`: "auto" sends photographs as JPEG and everything else as PNG, and leaves a file alone in which
    nothing has to change.
    """

    eye: Eye | None = None
    longest: int = LONGEST
    most_tokens: int = 0
    quality: int = QUALITY
    sent_as: str = "auto"


@dataclass(frozen=True)
class PreparedImage:
    """An image as it is sent.

    data: the bytes of a PNG or JPEG file; format: which of them; size: in pixels; tokens: what it costs by
    llama.cpp's count, None where no formula is known. read_format, read_size: of the file that was given,
    upright; changes: what was done to it, in words, empty for a file that is sent as it is.
    """

    data: bytes
    format: str
    size: Size
    tokens: int | None
    read_format: str
    read_size: Size
    changes: tuple[str, ...] = ()


def prepare_file(path: Path, wishes: Wishes | None = None) -> PreparedImage:
    """The image of a file; ImageError names the file where it cannot be used."""
    return prepare_image(_read(path), wishes, name=str(path))


def prepare_image(data: bytes, wishes: Wishes | None = None, *, name: str = "image") -> PreparedImage:
    """An image in memory; name: for errors."""
    need_pillow("preparing an image")
    wishes = wishes or Wishes()
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks about odd but readable files
        try:
            return _prepared(data, wishes, name)
        except KitError:
            raise
        except MemoryError as error:
            why = "there is not enough memory to decode the image"
            raise _error(name, why, _SMALLER, TOO_LARGE) from error
        # The decoders of so many formats raise whatever their code runs into.
        except Exception as error:
            why = f"the image is damaged: {_words(error)}"
            raise _error(name, why, "open it in a viewer, and save or copy it again") from error


def _read(path: Path) -> bytes:
    name = str(path)
    if why := why_no_file(path):
        raise _error(name, f"the image file {why}", "give the path of an image file", "MK903")
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _error(
                name,
                f"the file has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read",
                "an image of that size is not for a model: make it smaller",
                TOO_LARGE,
            )
        return read_file(path, MAX_FILE_BYTES)
    except OSError as error:
        why = f"the image cannot be read: {os_reason(error)}"
        raise _error(name, why, os_next_step(error), "MK903") from error


def _prepared(data: bytes, wishes: Wishes, name: str) -> PreparedImage:
    picture = _opened(data, name)
    read_format = {"MPO": "JPEG"}.get(picture.format or "", picture.format or "")
    camera = _orientation(picture)
    orientation = camera or 1
    read_size = picture.size[::-1] if orientation in _LYING else picture.size
    size = sent_size(read_size, wishes.eye, longest=wishes.longest, most_tokens=wishes.most_tokens)
    if read_format == "JPEG" and size != read_size:
        # Decoded at no more than twice the wanted size, in a fraction of the time and memory.
        wide, high = size if orientation not in _LYING else size[::-1]
        picture.draft(None, (2 * wide, 2 * high))
    _check_pixels(picture, read_size, name)
    if read_format == "JPEG":
        _check_scans(data, name)
    changes = list(_changes(picture, orientation, read_size, size))
    if camera is None:
        changes.append("taken as upright: its camera data (EXIF) is damaged")
    usual = "JPEG" if picture.format in _AS_JPEG else "PNG"
    sent = {"png": "PNG", "jpeg": "JPEG"}.get(wishes.sent_as, usual)
    if sent != read_format:
        changes.append(f"sent as {sent}, was {read_format}")
    picture.load()
    tokens = FORMULAS[wishes.eye.kind].engine(wishes.eye, size) if wishes.eye else None
    if not changes:
        return PreparedImage(data, sent, size, tokens, read_format, read_size)
    upright = _upright(_colours(picture), orientation)
    if upright.size != size:
        from PIL import Image

        upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    made = encoded(upright, sent, wishes.quality)
    return PreparedImage(made, sent, size, tokens, read_format, read_size, tuple(changes))


def _opened(data: bytes, name: str) -> Picture:
    from PIL import Image, JpegImagePlugin, UnidentifiedImageError

    if not data:
        raise _error(name, "the file is empty (0 bytes)", "copy or download it again")
    Image.init()
    try:
        return Image.open(io.BytesIO(data), formats=[f for f in _READ if f in Image.OPEN])
    except UnidentifiedImageError as error:
        if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
            raise _error(
                name,
                "the image is HEIC or AVIF, which this Pillow cannot read",
                "save it as JPEG or PNG, or install a Pillow that reads it",
            ) from error
        raise _error(
            name,
            f"this is not an image of a known format (it begins with {data[:8]!r})",
            "give PNG, JPEG, WebP, GIF, BMP or TIFF files",
        ) from error
    except Image.DecompressionBombError as error:
        if not data.startswith(b"\xff\xd8"):
            why = f"the image has more than {MAX_PIXELS // 1_000_000} million pixels, which are not decoded"
            raise _error(name, why, _SMALLER, TOO_LARGE) from error
        # Only its size has been read yet; a JPEG of that size can still be decoded at a fraction of it.
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))


def _check_pixels(picture: Picture, read_size: Size, name: str) -> None:
    """Raises for an image that takes too much memory; a baseline JPEG may be decoded in a smaller size."""
    width, height = read_size
    if max(read_size) > MAX_SIDE:
        raise _error(
            name,
            f"the image has {width}x{height} pixels; a side of at most {MAX_SIDE:,} is read",
            "cut it into images of a usual shape",
            TOO_LARGE,
        )
    smaller = picture.size not in (read_size, read_size[::-1]) and not picture.info.get("progressive")
    limit = MAX_SCALED_PIXELS if smaller else MAX_PIXELS
    decoded = picture.size[0] * picture.size[1] if smaller else 0
    if width * height > limit or decoded > MAX_PIXELS:
        raise _error(
            name,
            f"the image has {width}x{height} pixels, {width * height / 1e6:,.0f} million; at most "
            f"{limit // 1_000_000} million are decoded",
            _SMALLER,
            TOO_LARGE,
        )


def _check_scans(data: bytes, name: str) -> None:
    """Raises for a JPEG that takes without end: each scan of a few bytes costs a pass over all pixels."""
    count, at = 0, 2
    while (found := _MARKER.search(data, at)) is not None:
        at = found.end()
        kind = data[at - 1]
        if kind == _END_OF_IMAGE:
            return
        # What other markers bring (camera data, a small image) is passed over by the length that they write.
        at += int.from_bytes(data[at : at + 2], "big")
        count += kind == _START_OF_SCAN
        if count > MAX_SCANS:
            why = f"the JPEG is made of more than {MAX_SCANS} scans, each of which goes over all of the image"
            raise _error(name, why, "save it again as an ordinary JPEG or PNG", TOO_LARGE)


def _orientation(picture: Picture) -> int | None:
    """How the camera was held, 1 to 8 as EXIF counts; None where that cannot be read."""
    try:
        found = picture.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, OSError, struct.error):  # what Pillow raises of a damaged block
        return None
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _changes(picture: Picture, orientation: int, read_size: Size, size: Size) -> Iterator[str]:
    """What has to be done to an image beside its format, in words."""
    if orientation != 1:
        yield "turned upright (EXIF orientation)"
    if size != read_size:
        yield f"scaled to {size[0]}x{size[1]}"
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        yield "only the first of its frames"
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        yield "transparent parts on white"
    elif picture.mode not in ("RGB", "L", "P", "1"):
        yield f"colours from {picture.mode} to RGB"
    elif "icc_profile" in picture.info:
        yield "colours from its profile to sRGB"
    if _WRITTEN & picture.info.keys() or getattr(picture, "text", None):
        yield "metadata left out"


def _upright(picture: Picture, orientation: int) -> Picture:
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _colours(picture: Picture) -> Picture:
    """The image in RGB of 8 bits, as a person sees it on a white page."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture).convert("RGB")
    clear = "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if clear:
        seen = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, _WHITE), seen).convert("RGB")
    return _srgb(picture) or picture.convert("RGB")


def _eight_bits(picture: Picture) -> Picture:
    """Grey of 16 or 32 bits, or of floats: Pillow itself would make white of everything above 255."""
    whole = picture.convert("F")
    low, high = whole.getextrema()
    assert isinstance(low, float) and isinstance(high, float)
    sixteen = picture.mode.startswith("I") and low >= 0 and high <= 65535
    bottom, top = (0.0, 65535.0) if sixteen else (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    scale = 255 / (top - bottom) if top > bottom else 0.0
    return whole.point(lambda value: value * scale + (-bottom * scale)).convert("L")


def _srgb(picture: Picture) -> Picture | None:
    """The image by its colour profile; None for one without, or whose profile cannot be used."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, found, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _error(name: str, message: str, help: str, code: str = UNREADABLE) -> ImageError:
    return ImageError(message, help=help, span=Span(name), code=code)
