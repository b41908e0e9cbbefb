"""The tone of `verify`, and what is said where it does not reach the model."""

from __future__ import annotations

import io
import wave
from types import SimpleNamespace
from typing import Any

import pytest

from modelfile_kit.publish.sound_checks import check_sound, tone


def subject(tokens: tuple[int, int], **more: Any) -> Any:
    replies = iter(tokens)

    def ask(text: str, media: bytes | None = None, *, limit: int | None = None) -> Any:
        return SimpleNamespace(prompt_tokens=next(replies), text="a tone", thinking="")

    return SimpleNamespace(**{"meant": SimpleNamespace(audio=True), "dead": "", "ask": ask, **more})


def test_the_tone_is_a_wav_of_a_second() -> None:
    with wave.open(io.BytesIO(tone())) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (1, 16_000, 16_000)


@pytest.mark.parametrize(
    ("tokens", "status", "codes"),
    [((21, 797), "ok", []), ((21, 21), "fail", ["MK859"]), ((0, 0), "fail", ["MK859"])],
)
def test_the_prompt_has_to_grow(tokens: tuple[int, int], status: str, codes: list[str]) -> None:
    (check,) = check_sound(subject(tokens))
    assert (check.status, [d.code for d in check.diagnostics]) == (status, codes)


def test_where_there_is_nothing_to_ask() -> None:
    assert list(check_sound(subject((0, 0), meant=SimpleNamespace(audio=False)))) == []
    (check,) = check_sound(subject((0, 0), dead="it does not load"))
    assert check.status == "skip"
