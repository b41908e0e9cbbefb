"""The check of `verify` about sound: a short WAV reaches the model.

Ollama's API has no field for sound: it goes into `images` (0.33, llm/llama_server.go tells them apart by
their first bytes). What the model says about a tone cannot be judged, so the check asks whether the engine
takes it and whether the prompt grows by it.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Iterator

from ..core.errors import ServerError
from .engine_faults import name_fault
from .subject import Check, Subject, error, short

QUESTION = "What do you hear?"
SECONDS, RATE, HERTZ = 1, 16_000, 440


def tone() -> bytes:
    """A second of a sine tone, as a mono WAV of 16 kHz, the rate that audio encoders work at."""
    count = SECONDS * RATE
    samples = (int(8_000 * math.sin(2 * math.pi * HERTZ * n / RATE)) for n in range(count))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{count}h", *samples))
    return stream.getvalue()


def check_sound(subject: Subject) -> Iterator[Check]:
    """A sound is taken and adds tokens to the prompt; nothing for a model that takes none."""
    if not subject.meant.audio:
        return
    if subject.dead:
        yield Check("sound", "skip", "the engine does not run")
        return
    try:
        plain = subject.ask(QUESTION, limit=1).prompt_tokens or 0
        heard = subject.ask(QUESTION, tone())
    except ServerError as e:
        if e.code == "MK802":
            raise
        found = name_fault(e, subject.served, with_image=True)
        yield Check("sound", "fail", "the server answered with an error", (found,))
        return
    more = (heard.prompt_tokens or 0) - plain
    if more <= 0:
        finding = error(
            "MK859",
            f"a sound adds no tokens to the prompt ({heard.prompt_tokens} with it, {plain} without)",
            "check with `mkmodelfile inspect` that the projector takes audio, and update Ollama",
        )
        yield Check("sound", "fail", "sound does not reach the model", (finding,))
        return
    yield Check("sound", "ok", f"a tone of a second is {more} tokens: {short(heard.text or heard.thinking)}")
