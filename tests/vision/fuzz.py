"""Changed image files of every format: `python -m tests.vision.fuzz 10000 7`.

Each is prepared in a process of its own with bounds on memory and processor time. It is refused with a
message that says why, or sent as a PNG or JPEG that Pillow reads, of the size that is said.
"""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

from modelfile_kit.core.errors import KitError
from modelfile_kit.vision.prepare import Wishes, prepare_image
from tests.changed import changed_bytes
from tests.fuzzing import Fault, Tally, run

MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "F")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "TGA", "PPM", "ICO", "JPEG2000", "AVIF")
MEMORY = 4 << 30  # addresses; what the largest allowed images take is a third
SECONDS = 120  # of processor time
_NEAR = 80  # bytes in which most formats have their sizes


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each image."""
    chance = random.Random(seed)
    images = list(written())
    for _ in range(count):
        kind, data = chance.choice(images)
        data = changed_bytes(chance, data, near=_NEAR)
        if kind == "PNG" and chance.random() < 0.8:
            data = with_checksums(data)
        what = fault(data, chance.choice((2048, 16, 0)), tally, kind)
        yield Fault(what, data, f".{kind.lower()}") if what else None


def fault(data: bytes, longest: int, tally: Tally, kind: str) -> str:
    """What is wrong with one image, "" if nothing is."""
    said, status = _in_a_process(lambda: _prepared(data, longest))
    tally[f"{kind}: {said.split()[0] if said else 'ended'}"] += 1
    if status:
        return f"the process ended with {status}"
    return "" if said.startswith(("MK891", "MK892", "sent")) else said


def _prepared(data: bytes, longest: int) -> str:
    try:
        prepared = prepare_image(data, Wishes(longest=longest))
    except KitError as e:
        return e.code if e.message and e.help else "no help"
    except Exception as e:
        return f"crash: {type(e).__name__}: {e}"
    with Image.open(io.BytesIO(prepared.data), formats=("PNG", "JPEG")) as picture:
        picture.load()
        if picture.size != prepared.size or picture.format != prepared.format:
            return f"wrong: {picture.format} {picture.size}, {prepared.format} {prepared.size} are said"
    return "sent"


def _in_a_process(work: Callable[[], str]) -> tuple[str, int]:
    """What a function gives, in a process with bounds, and how that ended (0 where it ended well)."""
    import resource

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.write(writing, work().encode("utf-8", "replace")[:2000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    _, status = os.waitpid(child, 0)
    return said or "nothing was said", status


def written() -> Iterator[tuple[str, bytes]]:
    """Small images in every format and mode that this Pillow writes."""
    noise = Image.effect_noise((33, 21), 50)
    for mode in MODES:
        picture = Image.new("I;16", (33, 21), 700) if mode == "I;16" else noise.convert(mode)
        for kind in FORMATS:
            more = {}
            if kind in ("PNG", "JPEG", "WEBP"):
                camera = Image.Exif()
                camera[0x0112] = 6  # lying
                more = {"exif": camera}
            with io.BytesIO() as out:
                try:
                    picture.save(out, kind, **more)
                except (OSError, KeyError, ValueError):  # a mode that this format does not have
                    continue
                yield kind, out.getvalue()


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums that they should have, so that what they hold is looked at."""
    changed, at = bytearray(data), 8
    while at + 12 <= len(changed):
        (length,) = struct.unpack_from(">I", changed, at)
        if at + 12 + length > len(changed):
            break
        struct.pack_into(">I", changed, at + 8 + length, zlib.crc32(changed[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(changed)


if __name__ == "__main__":
    sys.exit(run("images", cases))
