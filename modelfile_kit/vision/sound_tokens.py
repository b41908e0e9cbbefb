"""How many tokens a sound of a given length costs: in llama.cpp, and in the processor of the training.

llama.cpp (b10488, tools/mtmd: mtmd-audio.cpp makes frames and cuts them, clip_n_output_tokens in clip.cpp
counts) pads what goes through a Whisper encoder to whole windows of 30 seconds, and all of a window becomes
tokens, its silence too. The processors are those of transformers 5.24 (models/*/processing_*.py), Ultravox'
is fixie-ai/ultravox (ultravox_processing.py). Only the sound's own tokens count, not the marks around it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..gguf_file.header import Header

HOP = 160
"""Samples of a frame: 10 ms at 16 kHz."""

WINDOW = 30 * 16_000
"""Samples of a Whisper encoder's window."""


@dataclass(frozen=True)
class Ear:
    """What a projector's file says of the sounds that it takes.

    kind: the projector type; stack: frames that become one embedding; group: codes that become one; window,
    rate: frames that a query former looks at together, and how many of them become one token.
    """

    kind: str
    stack: int = 1
    group: int = 1
    window: int = 15
    rate: int = 5


@dataclass(frozen=True)
class SoundFormula:
    """The rule of one projector type.

    engine, reference: tokens of a sound, of an ear and a number of samples, reference None where no processor
    is public; words: what differs between the two; samples: a second's.
    """

    engine: Callable[[Ear, int], int]
    reference: Callable[[Ear, int], int] | None = None
    words: str = ""
    samples: int = 16_000


@dataclass(frozen=True)
class SoundTokens:
    """The tokens of one sound. reference: None where it is not known; words: why the two differ, "" where
    they do not."""

    seconds: float
    engine: int
    reference: int | None
    words: str = ""


def sound_tokens(projector: Header, seconds: float) -> SoundTokens | None:
    """What a sound costs with a projector; None for one that hears nothing.

    seconds: its length, more than 0.
    """
    ear = ear_of(projector)
    if ear is None:
        return None
    formula = SOUND_FORMULAS[ear.kind]
    samples = max(1, round(seconds * formula.samples))
    engine = formula.engine(ear, samples)
    reference = formula.reference(ear, samples) if formula.reference else None
    return SoundTokens(seconds, engine, reference, formula.words if reference not in (None, engine) else "")


def ear_of(projector: Header) -> Ear | None:
    """The facts of a projector; None for a type that is not in `SOUND_FORMULAS`."""
    metadata = projector.metadata
    kind = metadata.text("clip.audio.projector_type") or metadata.text("clip.projector_type") or ""
    if kind == "qwen2.5o":
        kind = "qwen2a"  # one file for both: llama.cpp takes this type for its ear
    if kind not in SOUND_FORMULAS:
        return None

    def number(key: str, usual: int) -> int:
        return max(1, metadata.integer(f"clip.audio.{key}") or usual)

    return Ear(
        kind,
        number("projector.stack_factor", 1),
        number("local_group_size", 1),
        number("projector.window_size", 15),
        number("projector.downsample_rate", 5),
    )


# llama.cpp's side.


def _windows(of_window: Callable[[Ear, int], int]) -> Callable[[Ear, int], int]:
    """Whisper: 30 seconds of silence behind the sound, then every whole window of 3,000 frames."""

    def count(ear: Ear, samples: int) -> int:
        frames = (max(samples, 201) + WINDOW) // HOP + 1
        return frames // 3000 * of_window(ear, 3000)

    return count


def _stacked(halved: bool) -> Callable[[Ear, int], int]:
    return lambda ear, frames: math.ceil(frames / ear.stack) // 2 // (2 if halved else 1)


def _pooled(ear: Ear, frames: int) -> int:
    return frames // 2 // 2


def _glm_window(ear: Ear, frames: int) -> int:
    """With a token at each end, which are embeddings of the projector."""
    return frames // 2 // ear.stack + 2


def _chunks_of_100(ear: Ear, samples: int) -> int:
    """Qwen3-Omni: 13 tokens for each 100 frames, the last ones filled up."""
    return math.ceil((samples // HOP + 1) / 100) * 13


def _halved(frames: int, times: int) -> int:
    for _ in range(times):
        frames = (frames + 1) // 2
    return frames


def _conformer(ear: Ear, samples: int) -> int:
    """LFM2-Audio: frames around each 10 ms, halved three times."""
    return _halved(samples // HOP + 1, 3)


def _parakeet(ear: Ear, samples: int) -> int:
    return math.ceil((samples // HOP + 1) / 8)


def _dots(ear: Ear, samples: int) -> int:
    """Parts of a minute, each by itself; what is shorter than a frame adds nothing."""
    parts = [min(samples - start, 60 * 16_000) for start in range(0, samples, 60 * 16_000)]
    return sum(math.ceil(part // HOP / 8) for part in parts)


def _gemma_frames(samples: int) -> int:
    """Frames of 20 ms, padded on the left by half of one."""
    return max(0, (samples + 160 - 321) // HOP + 1)


def _gemma(ear: Ear, samples: int) -> int:
    """Gemma 4: parts of 30 seconds, each by itself, frames halved twice."""
    parts = [min(samples - start, WINDOW) for start in range(0, samples, WINDOW)]
    return sum(_halved(_gemma_frames(part), 2) for part in parts)


def _raw(ear: Ear, samples: int) -> int:
    """Gemma 4 without an encoder: a token for each 40 ms."""
    return math.ceil(samples / 640)


def _granite(ear: Ear, samples: int) -> int:
    """Granite Speech: two frames together, then windows of a query former."""
    return math.ceil((samples // HOP + 1) // 2 / ear.window) * (ear.window // ear.rate)


def _mimo(ear: Ear, samples: int) -> int:
    """MiMo-Audio, at 24 kHz: halved twice, then groups of codes."""
    frames = samples // 240 + 1
    codes = ((frames - 1) // 2 + 1 - 2) // 2 + 1
    return math.ceil(codes / ear.group)


# The processors' side.


def _real_frames(samples: int, most: int) -> int:
    return min(math.ceil(samples / HOP), most)


def _pooled_real(seconds: int) -> Callable[[Ear, int], int]:
    """Of the sound alone, which may have so many seconds; the rest is cut off."""
    return lambda ear, samples: (_halved(_real_frames(samples, seconds * 100), 1) - 2) // 2 + 1


def _qwen3_real(ear: Ear, samples: int) -> int:
    frames = samples // HOP
    rest = _halved(frames % 100, 3)
    return rest + frames // 100 * 13


def _ultravox_real(ear: Ear, samples: int) -> int:
    return math.ceil(round(samples / 320 + 1e-4) / ear.stack)


def _voxtral_real(ear: Ear, samples: int) -> int:
    """Windows of 30 seconds, of which 1,500 embeddings are put together."""
    return math.ceil(samples / WINDOW) * (1500 // ear.stack)


def _glm_real(ear: Ear, samples: int) -> int:
    return (_halved(_real_frames(samples, 65_500), 1) - ear.stack) // ear.stack + 1


def _gemma_real(ear: Ear, samples: int) -> int:
    return min(_halved(_gemma_frames(samples), 2), 750)


_PADDED = "llama.cpp counts whole windows of 30 seconds, the processor the sound alone"
_WHOLE = _windows(_pooled)

SOUND_FORMULAS: Mapping[str, SoundFormula] = {
    "ultravox": SoundFormula(_windows(_stacked(halved=False)), _ultravox_real, _PADDED),
    "voxtral": SoundFormula(
        _windows(_stacked(halved=True)),
        _voxtral_real,
        "llama.cpp takes the mean of every two embeddings, the processor does not",
    ),
    "meralion": SoundFormula(_windows(_stacked(halved=False))),
    "musicflamingo": SoundFormula(_WHOLE, _pooled_real(1200), _PADDED),
    "qwen2a": SoundFormula(_WHOLE, _pooled_real(300), _PADDED),
    "qwen3a": SoundFormula(
        _chunks_of_100, _qwen3_real, "llama.cpp fills up the last second, the processor does not"
    ),
    "glma": SoundFormula(_windows(_glm_window), _glm_real, _PADDED),
    "lfm2a": SoundFormula(_conformer),
    "gemma4a": SoundFormula(
        _gemma, _gemma_real, "llama.cpp takes parts of 30 seconds, the processor at most 750 tokens"
    ),
    "gemma4ua": SoundFormula(_raw),
    "dots3note_a": SoundFormula(_dots),
    "granite_speech": SoundFormula(_granite, _granite),
    "mimo_audio": SoundFormula(_mimo, samples=24_000),
    "parakeet": SoundFormula(_parakeet),
}
"""The rules by projector type: the one table of what sounds cost."""
