from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from modelfile_kit.vision.ask_colour import ASKED, SIDE, ColourAnswer, ask_colours, findings
from modelfile_kit.vision.colour_images import COLOURS, plain_png


def answered(*answers: Any) -> Any:
    return tuple(ColourAnswer(c, a, c in a) for c, a in zip(ASKED, answers, strict=True))


def test_pictures_have_their_colour() -> None:
    for name, value in COLOURS.items():
        with Image.open(io.BytesIO(plain_png(name, (SIDE, SIDE)))) as image:
            assert (image.size, image.convert("RGB").getpixel((1, 1))) == ((SIDE, SIDE), value)


def test_three_right_answers_are_no_finding() -> None:
    assert findings(answered("It is red.", "green", "a blue one")) == ()


def test_some_wrong_answers_are_a_warning_and_all_an_error() -> None:
    [some] = findings(answered("red", "red", "blue"))
    assert (some.code, some.severity) == ("MK850", Severity.WARNING)
    assert "'red' for a green image" in some.message
    [none] = findings(answered("???", "???", "???"))
    assert none.severity is Severity.ERROR


@pytest.mark.engine
def test_the_micro_model_sees(llama_cpp: Any, pair: Any) -> Any:
    def prompt(messages: Any) -> Any:
        return f"[gMASK]<sop><|user|>\n[img-0]{messages[0]['content']}<|assistant|>\n"

    with EmbeddedEngine(pair.model, pair.projector) as engine:
        assert [(s.answer, s.ok) for s in ask_colours(engine, prompt)] == [(c, True) for c in ASKED]
        # a prompt that is not as the model knows it
        assert (
            findings(ask_colours(engine, lambda m: "[img-0]" + m[0]["content"]))[0].severity is Severity.ERROR
        )
