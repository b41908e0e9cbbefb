"""Sounds that a model is asked about: a tone made on the spot, and a user's own files.

Which ones reach a model was tried on Ollama 0.33.0 and 0.34.4 (November 2026): WAV of 8 to 32 bits at any
rate with any number of channels, and MP3. The engine mixes them to one channel and resamples them itself
(llama.cpp, tools/mtmd/mtmd-helper.cpp), so nothing is converted here. llama-server takes FLAC too; Ollama
(llm/media.go) passes it on as an image, which fails.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import read_file, why_no_file

UNREADABLE = "MK868"
SECONDS, RATE, HERTZ = 1, 16_000, 440
MAX_SOUND_BYTES = 64 << 20  # half an hour of speech as a WAV; a request holds it all in base64

_TOOL = "convert it, for example with `ffmpeg -i FILE -ac 1 -ar 16000 sound.wav`"
# The encodings that the decoder of llama.cpp has (miniaudio): PCM, ADPCM, float, A-law, µ-law, IMA ADPCM.
_WAV_ENCODINGS = frozenset({0x0001, 0x0002, 0x0003, 0x0006, 0x0007, 0x0011, 0xFFFE})
_OTHERS = (
    (0, b"fLaC", "FLAC, which llama-server takes and Ollama does not"),
    (0, b"OggS", "Ogg (Vorbis or Opus)"),
    (4, b"ftyp", "MP4 or M4A"),
    (0, b"FORM", "AIFF"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x89PNG", "PNG, an image"),
    (0, b"\xff\xd8\xff", "JPEG, an image"),
)


@dataclass(frozen=True)
class Sound:
    """A sound file that is sent as it is.

    name: for messages; format: "wav" or "mp3", as OpenAI's API calls them; seconds: how long it is, None
    where the file does not say.
    """

    name: str
    data: bytes
    format: str
    seconds: float | None = None


def tone() -> Sound:
    """A second of a sine tone, as a mono WAV of 16 kHz, the rate that audio encoders work at."""
    count = SECONDS * RATE
    samples = (int(8_000 * math.sin(2 * math.pi * HERTZ * n / RATE)) for n in range(count))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{count}h", *samples))
    return Sound("tone.wav", stream.getvalue(), "wav", float(SECONDS))


def read_sound(path: Path) -> Sound:
    """A sound of the user's. Raises UsageError (MK868) with the reason why no model would hear the file."""
    if why := why_no_file(path):
        raise _error(path.name, why, "give the path of a WAV or MP3 file", path)
    size = path.stat().st_size
    if size > MAX_SOUND_BYTES:
        raise _error(
            path.name,
            f"has {size / 1e6:.0f} MB, expected at most {MAX_SOUND_BYTES / 1e6:.0f} MB",
            "cut it, or make it an MP3 with one channel: models hear seconds to minutes",
            path,
        )
    return sound_of(read_file(path, MAX_SOUND_BYTES), path.name, path)


def sound_of(data: bytes, name: str, path: Path | None = None) -> Sound:
    """The sound in these bytes. name, path: for messages. Raises UsageError (MK868) as `read_sound`."""
    if not data:
        raise _error(name, "is empty", "give a WAV or MP3 file with a sound in it", path)
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Sound(name, data, "wav", _wav_seconds(data, name, path))
    if data[:3] == b"ID3" or (len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return Sound(name, data, "mp3")
    kind = next((what for at, mark, what in _OTHERS if data[at : at + len(mark)] == mark), "")
    what = f"is {kind}; expected WAV or MP3" if kind else f"begins with {data[:8]!r}; expected WAV or MP3"
    raise _error(name, what, _TOOL, path)


def _wav_seconds(data: bytes, name: str, path: Path | None) -> float:
    """How long a WAV is; raises UsageError for one without samples or in an unknown encoding."""
    at, rate, block = 12, 0, 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"fmt " and at + 24 <= len(data):
            encoding, _, rate, _, block = struct.unpack_from("<HHIIH", data, at + 8)
            if encoding not in _WAV_ENCODINGS:
                raise _error(
                    name, f"is a WAV of encoding 0x{encoding:04x}, expected PCM or float", _TOOL, path
                )
        if kind == b"data":
            there = min(size, len(data) - at - 8)  # a stream's header may promise more
            if not (rate and block):
                break
            if there < block:
                raise _error(name, "is a WAV without samples", "record it again", path)
            return there / (rate * block)
        at += 8 + size + size % 2
    raise _error(name, "is a WAV without a sound: its header is damaged or cut short", _TOOL, path)


def _error(name: str, what: str, help: str, path: Path | None) -> UsageError:
    return UsageError(f"{name} {what}", help=help, code=UNREADABLE, span=Span(str(path)) if path else None)
