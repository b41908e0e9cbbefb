"""The checks about sound, and what is said where one does not reach the model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.sound_checks import check_sound
from modelfile_kit.vision.sounds import Sound


class Hearing:
    """A model that hears: so many tokens without and with a sound, by each way."""

    def __init__(self, tokens: tuple[int, int], **more: Any) -> None:
        self.tokens = tokens
        self.name = "m"
        self.meant = SimpleNamespace(audio=True)
        self.dead = ""
        self.sounds: tuple[Sound, ...] = ()
        self.served = SimpleNamespace(parameters={}, projector_type="glm4v", has_projector=True, name="m")
        self.server = SimpleNamespace(transcribe=self.transcribe)
        self.sent: list[tuple[str, Any]] = []
        vars(self).update(more)

    def ask(self, text: str, media: bytes | None = None, *, limit: int | None = None) -> Any:
        return self._answer("images", media)

    def ask_as_openai(self, text: str, sound: Sound | None = None, *, limit: int | None = None) -> Any:
        return self._answer("input_audio", sound)

    def transcribe(self, name: str, data: bytes, filename: str) -> str:
        self.sent.append(("transcriptions", filename))
        return "words"

    def _answer(self, way: str, media: Any) -> Any:
        self.sent.append((way, media is not None))
        return SimpleNamespace(prompt_tokens=self.tokens[media is not None], text="a tone", thinking="")


def checks(subject: Any) -> list[tuple[str, str]]:
    return [(c.name, c.status) for c in check_sound(subject)]


def codes(subject: Any) -> list[str]:
    return [d.code for c in check_sound(subject) for d in c.diagnostics]


WAYS = ["sound", "sound /v1/chat/completions", "sound /v1/audio/transcriptions"]


def test_every_way_is_taken() -> None:
    subject = Hearing((21, 797))
    assert checks(subject) == [(way, "ok") for way in WAYS]
    assert [s for s in subject.sent if s[1]] == [
        ("images", True),
        ("input_audio", True),
        ("transcriptions", "tone.wav"),
    ]


@pytest.mark.parametrize("tokens", [(21, 21), (0, 0)])
def test_the_prompt_has_to_grow(tokens: tuple[int, int]) -> None:
    subject = Hearing(tokens)
    assert checks(subject) == [("sound", "fail")]
    assert codes(subject) == ["MK859"]


def test_where_there_is_nothing_to_ask() -> None:
    assert checks(Hearing((0, 0), meant=SimpleNamespace(audio=False))) == []
    assert checks(Hearing((0, 0), dead="it does not load")) == [("sound", "skip")]


def test_a_sound_for_a_model_that_does_not_hear() -> None:
    subject = Hearing((0, 0), meant=SimpleNamespace(audio=False), sounds=(Sound("a.wav", b"x", "wav", 2.0),))
    assert checks(subject) == [("sound a.wav", "fail")]
    assert codes(subject) == ["MK869"]
    assert subject.sent == []


def test_the_users_sounds_are_heard_and_transcribed() -> None:
    subject = Hearing((21, 797), sounds=(Sound("a.wav", b"x", "wav", 2.0), Sound("b.mp3", b"y", "mp3")))
    own = [f"sound {n}{way}" for n in ("a.wav", "b.mp3") for way in ("", " /v1/audio/transcriptions")]
    assert checks(subject) == [(name, "ok") for name in [*WAYS, *own]]


@pytest.mark.parametrize(("context", "found"), [(4096, ["MK868"]), (20_000, []), (None, [])])
def test_one_too_long_for_the_context_is_not_sent(context: int | None, found: list[str]) -> None:
    # 20 pieces of 30 s at 776 tokens each
    served = SimpleNamespace(parameters={"num_ctx": context}, projector_type="qwen2.5o", has_projector=True)
    subject = Hearing((21, 797), sounds=(Sound("talk.wav", b"x", "wav", 600.0),), served=served)
    assert codes(subject) == found


def test_an_error_of_the_server_is_explained() -> None:
    def ask(text: str, media: bytes | None = None, *, limit: int | None = None) -> Any:
        if media is None:
            return SimpleNamespace(prompt_tokens=20, text="", thinking="")
        raise ServerError("Failed to load image or audio file", status=400)

    subject = Hearing((0, 0), ask=ask)
    [check] = check_sound(subject)  # type: ignore[arg-type]
    assert (check.status, len(check.diagnostics)) == ("fail", 1)
    assert check.diagnostics[0].help
