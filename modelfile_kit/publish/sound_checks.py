"""The checks of `verify` about sound: a tone and the user's own files reach the model, by every way there is.

Ollama's own API has no field for sound: it goes into `images` (0.33, llm/media.go tells them apart by their
first bytes). Its OpenAI endpoints take it as `input_audio`, and as a file of /v1/audio/transcriptions (both
are in 0.24.0, not in 0.17.4). What a model says about a tone cannot be judged, so the checks ask whether the
engine takes it and whether the prompt grows by it; a transcription does not say how long its prompt was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ..core.errors import ServerError
from ..core.numbers import told_count
from ..runtime.completion import Completion
from ..vision.sounds import Sound, tone
from .engine_faults import name_fault
from .subject import Check, Subject, error, short

QUESTION = "What do you hear?"
DEAF, NOT_HEARD, TOO_LONG = "MK869", "MK859", "MK868"
PIECE_SECONDS = 30  # encoders of the Whisper kind take pieces of that length, filled up with silence
OPENAI, TRANSCRIPTIONS = "/v1/chat/completions", "/v1/audio/transcriptions"


def check_sound(subject: Subject) -> Iterator[Check]:
    """A sound is taken and adds tokens to the prompt; nothing for a deaf model that is given none."""
    if not subject.meant.audio:
        yield from (_deaf(subject, sound) for sound in subject.sounds)
        return
    if subject.dead:
        yield Check("sound", "skip", "the engine does not run")
        return
    one = tone()
    found, tokens = _grown(subject, "sound", one, subject.ask)
    yield found
    if found.status != "ok":
        return
    check, _ = _grown(subject, f"sound {OPENAI}", one, subject.ask_as_openai)
    yield check
    yield _transcribed(subject, f"sound {TRANSCRIPTIONS}", one)
    for sound in subject.sounds:
        yield from _own(subject, sound, tokens)


def _own(subject: Subject, sound: Sound, tokens: int) -> Iterator[Check]:
    """A user's sound, heard and transcribed. tokens: how many a second costs."""
    name = f"sound {sound.name}"
    least = tokens * math.ceil(max(sound.seconds or 1, 1) / PIECE_SECONDS)
    context = told_count(subject.served.parameters.get("num_ctx"))
    if context and least > context:
        finding = error(
            TOO_LONG,
            f"{sound.name} is {sound.seconds:.0f} s long, at least {least} tokens; the context has {context}",
            f"cut it into shorter pieces, or raise PARAMETER num_ctx; {PIECE_SECONDS} s are {tokens} tokens",
        )
        yield Check(name, "fail", "too long for the context", (finding,))
        return
    check, _ = _grown(subject, name, sound, subject.ask)
    yield check
    if check.status == "ok":
        yield _transcribed(subject, f"{name} {TRANSCRIPTIONS}", sound)


def _grown(subject: Subject, name: str, sound: Sound, ask: Callable[..., Completion]) -> tuple[Check, int]:
    """Whether a prompt grows by a sound, and by how many tokens."""
    try:
        plain = ask(QUESTION, limit=1).prompt_tokens or 0
        heard = ask(QUESTION, sound if ask == subject.ask_as_openai else sound.data)
    except ServerError as e:
        return _refused(subject, name, e), 0
    more = (heard.prompt_tokens or 0) - plain
    if more <= 0:
        finding = error(
            NOT_HEARD,
            f"a sound adds no tokens to the prompt ({heard.prompt_tokens} with it, {plain} without)",
            "check with `mkmodelfile inspect` that the projector takes audio, and update Ollama",
        )
        return Check(name, "fail", "sound does not reach the model", (finding,)), 0
    long = f" of {sound.seconds:.1f} s" if sound.seconds else ""
    said = short(heard.text or heard.thinking)
    return Check(name, "ok", f"{sound.name}{long} is {more} tokens: {said}"), more


def _transcribed(subject: Subject, name: str, sound: Sound) -> Check:
    try:
        text = subject.server.transcribe(subject.name, sound.data, sound.name)
    except ServerError as e:
        return _refused(subject, name, e)
    return Check(name, "ok", short(text))


def _refused(subject: Subject, name: str, e: ServerError) -> Check:
    if e.code == "MK802":
        raise e
    found = name_fault(e, subject.served, with_image=True)
    return Check(name, "fail", "the server answered with an error", (found,))


def _deaf(subject: Subject, sound: Sound) -> Check:
    kind = subject.served.projector_type
    what = f"its projector (type {kind}) has no audio encoder" if kind else "it has no projector"
    finding = error(
        DEAF,
        f"{subject.name} takes no sound: {what}, so neither its files nor the engine carry speech",
        "use a model whose projector hears, such as Qwen2.5-Omni, or turn the speech into text first "
        "(whisper.cpp) and ask with that",
    )
    return Check(f"sound {sound.name}", "fail", "the model does not hear", (finding,))
