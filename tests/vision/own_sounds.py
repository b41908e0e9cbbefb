"""Sounds for tests: WAVs of any kind, an MP3 of silence, speech."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Callable
from typing import Any


def wav(rate: int = 16_000, bits: int = 16, channels: int = 1, seconds: float = 1.0) -> bytes:
    """A tone, written by the standard library."""
    wave_of = [math.sin(2 * math.pi * 440 * n / rate) for n in range(rate)]
    once = b"".join(_sample(value, bits) * channels for value in wave_of)
    count = round(rate * seconds)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(bits // 8)
        out.setframerate(rate)
        block = channels * bits // 8
        out.writeframes((once * math.ceil(max(seconds, 1)))[: count * block])
    return stream.getvalue()


def silent_mp3(frames: int = 40) -> bytes:
    """About a second: frames of MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono, all zero behind the header."""
    return (b"\xff\xfb\x90\xc4" + bytes(413)) * frames


def speech(espeak: str | None, run: Callable[..., Any]) -> bytes:
    """Spoken words by espeak-ng where it is installed; else the formants of a vowel, by hand."""
    if espeak:
        command = [espeak, "--stdout", "What is on the screen?"]
        return bytes(run(command, capture_output=True, check=True).stdout)
    rate, formants = 16_000, ((120, 1.0), (700, 0.6), (1220, 0.3), (2600, 0.1))
    samples = (
        sum(loud * math.sin(2 * math.pi * hertz * n / rate) for hertz, loud in formants) for n in range(rate)
    )
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", int(8000 * s)) for s in samples))
    return stream.getvalue()


def _sample(value: float, bits: int) -> bytes:
    if bits == 8:
        return bytes([128 + int(60 * value)])
    return int(value * 0.25 * 2 ** (bits - 1)).to_bytes(bits // 8, "little", signed=True)
