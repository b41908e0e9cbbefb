from __future__ import annotations

import io
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.vision.sounds import MAX_SOUND_BYTES, read_sound, sound_of, tone
from tests.vision.own_sounds import silent_mp3, speech, wav


def test_the_tone_is_a_wav_of_a_second() -> None:
    with wave.open(io.BytesIO(tone().data)) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (1, 16_000, 16_000)
    assert (tone().format, tone().seconds) == ("wav", 1.0)


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "seconds"),
    [(8_000, 8, 1, 2.0), (96_000, 16, 2, 0.5), (44_100, 32, 6, 0.1), (16_000, 16, 1, 700.0)],
)
def test_a_wav_of_any_rate_is_one(rate: int, bits: int, channels: int, seconds: float) -> None:
    found = sound_of(wav(rate, bits, channels, seconds), "a.wav")
    assert found.format == "wav"
    assert found.seconds == pytest.approx(seconds)


def test_chunks_before_the_samples_are_passed_over() -> None:
    data = wav()
    more = data[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + data[12:]
    assert sound_of(more, "a.wav").seconds == pytest.approx(1.0)


def test_a_stream_promises_more_than_is_there() -> None:
    data = bytearray(wav())
    data[40:44] = b"\xff\xff\xff\xff"  # as ffmpeg writes it to a pipe
    assert sound_of(bytes(data), "a.wav").seconds == pytest.approx(1.0)


@pytest.mark.parametrize("data", [silent_mp3(), b"ID3\x04" + bytes(20), b"\xff\xf3\x90\xc4" + bytes(9)])
def test_an_mp3_is_one(data: bytes) -> None:
    found = sound_of(data, "a.mp3")
    assert (found.format, found.seconds) == ("mp3", None)


ADPCM_G726 = struct.pack("<HHIIHH", 0x0045, 1, 8000, 4000, 1, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"hello, this is a text", "begins with b'hello, t'"),
        (b"fLaC" + bytes(50), "FLAC"),
        (b"OggS" + bytes(50), "Ogg"),
        (b"\0\0\0\x20ftypM4A " + bytes(50), "M4A"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "an image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "an image"),
        (wav()[:44], "without samples"),
        (wav()[:30], "cut short"),
        (b"RIFF\x04\0\0\0WAVE", "cut short"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + ADPCM_G726 + b"data\x08\0\0\0" + bytes(8), "encoding 0x0045"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + b"\1\0" + bytes(14) + b"data\x08\0\0\0" + bytes(8), "damaged"),
    ],
)
def test_what_no_model_hears_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as e:
        sound_of(data, "a.wav")
    assert e.value.code == "MK868"
    assert e.value.help


def test_a_path_that_names_no_sound(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was not found"):
        read_sound(tmp_path / "none.wav")
    with pytest.raises(UsageError, match="is a folder"):
        read_sound(tmp_path)
    with (tmp_path / "long.wav").open("wb") as file:
        file.truncate(MAX_SOUND_BYTES + 1)
    with pytest.raises(UsageError, match="expected at most 67 MB"):
        read_sound(tmp_path / "long.wav")


def test_speech_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(speech(shutil.which("espeak-ng"), subprocess.run))
    assert (read_sound(path).seconds or 0) > 0.3
