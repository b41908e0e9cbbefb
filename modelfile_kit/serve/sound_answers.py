"""The checks of sound: a tone as `input_audio`, and as a file of /v1/audio/transcriptions.

What a model says about a tone cannot be judged, so the question is whether the prompt grows by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..core.errors import ServerError
from ..publish.sound_checks import NOT_HEARD, QUESTION
from ..publish.subject import Check, error, short
from ..vision.sounds import tone
from .asked import Asked, bear, missing, named, said, words_of

_HELP = "start the server with a projector that hears (--mmproj of llama-server); AutoGLM and GLM-4V do not"
_WORDS = 16  # tokens of an answer


def check_sound(asked: Asked) -> Iterator[Check]:
    """Whether a sound reaches the model. A server that says that its model is deaf is sent none."""
    promised = asked.promise.audio or bool(asked.about.audio)
    if asked.about.audio is False:
        yield missing("sound", "the server says that its model does not hear", promised, _HELP)
        return
    one = tone()
    plain = asked.ask(QUESTION, max_tokens=1)
    try:
        heard = asked.ask(QUESTION, sound=one, max_tokens=_WORDS)
    except ServerError as e:
        bear(e)
        yield missing("sound", words_of(e), promised, _HELP, named(e))
        return
    if heard.prompt_tokens is None or plain.prompt_tokens is None:
        yield Check(
            "sound", "skip", "taken; the server counts no tokens, so whether it is heard is not known"
        )
        return
    more = heard.prompt_tokens - plain.prompt_tokens
    if more <= 0:
        ignored = f"a sound adds no tokens to the prompt ({heard.prompt_tokens} with it, as without)"
        yield missing("sound", ignored, promised, _HELP, error(NOT_HEARD, ignored, _HELP))
        return
    yield Check("sound", "ok", f"a second of a tone is {more} tokens: {short(said(heard))}")
    yield _transcribed(asked)


def _transcribed(asked: Asked) -> Check:
    """The other way to send a sound. Few servers have it, so its refusal is no fault."""
    one = tone()
    try:
        text = asked.server.transcribe(asked.model, one.data, one.name)
    except ServerError as e:
        bear(e)
        if (e.status or 500) >= 500 and e.status != 501:
            return Check("transcription", "fail", "the server answered with an error", (named(e),))
        return Check("transcription", "skip", f"not offered: {words_of(e)}")
    return Check("transcription", "ok", short(text))
