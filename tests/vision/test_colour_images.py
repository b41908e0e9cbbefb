from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from modelfile_kit.vision.colour_images import (
    COLOURS,
    SHAPES,
    WORDS,
    colour_probes,
    final_answer,
    missing_formats,
    named,
    shape_probes,
)

ALL = tuple(COLOURS)


def test_every_format_and_every_answer_differs() -> None:
    probes = colour_probes()
    assert {p.format for p in probes} | set(missing_formats()) == {"PNG", "JPEG", "WEBP"}
    assert len({p.answer for p in probes}) == len(probes)
    assert len({p.size for p in probes}) == len(probes)


@pytest.mark.parametrize("probe", colour_probes(), ids=lambda p: p.id)
def test_pictures_are_what_they_claim(probe: Any) -> None:
    picture = Image.open(io.BytesIO(probe.bytes))
    assert picture.format == probe.format
    assert picture.size == probe.size
    middle: Any = picture.convert("RGB").getpixel((probe.size[0] // 2, probe.size[1] // 2))
    assert all(abs(a - b) <= 3 for a, b in zip(middle, COLOURS[probe.answer], strict=True))


def test_shapes_are_told_apart_by_their_area() -> Any:
    def black(probe: Any) -> Any:
        return Image.open(io.BytesIO(probe.bytes)).convert("L").histogram()[0]

    area = {p.answer: black(p) for p in shape_probes()}
    assert set(area) == set(SHAPES)
    assert area["triangle"] < area["circle"] < area["square"]


def test_shapes_are_those_that_pillow_draws() -> None:
    box = (56, 56, 168, 168)
    for probe in shape_probes():
        drawn = Image.new("L", probe.size, 255)
        draw = ImageDraw.Draw(drawn)
        if probe.answer == "triangle":
            draw.polygon([(112, 56), (56, 168), (168, 168)], fill=0)
        else:
            (draw.ellipse if probe.answer == "circle" else draw.rectangle)(box, fill=0)
        made = Image.open(io.BytesIO(probe.bytes)).convert("L")
        different = ImageChops.difference(made, drawn).histogram()[255]
        assert different < 4 * 112, probe.answer  # at the edges alone


def test_without_pillow_there_are_the_png_files(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {probe.id: probe.bytes for probe in (*colour_probes(), *shape_probes())}
    missing_formats.cache_clear()
    monkeypatch.setattr("modelfile_kit.vision.colour_images.installed", lambda module: False)
    monkeypatch.setitem(sys.modules, "PIL", None)
    try:
        left = {probe.id: probe.bytes for probe in (*colour_probes(), *shape_probes())}
        assert left == {name: data for name, data in whole.items() if name.endswith(".png")}
        assert set(missing_formats()) == {"JPEG", "WEBP"}
        assert all("modelfile-kit[images]" in why for why in missing_formats().values())
    finally:
        missing_formats.cache_clear()


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("Red.", "red"),
        ("  **RED**  ", "red"),
        ("The colour is deep crimson!", "red"),
        ("红色", "red"),
        ("这张图片是绿色的。", "green"),
        ("Das Bild ist blau.", "blue"),
        ("Es ist ein grünes Bild", "green"),
        ("jaune", "yellow"),
        ("жёлтый", "yellow"),
        ("파란색입니다", "blue"),
        ("<think>Is it blue? No.</think><answer>red</answer>", "red"),
        ("Is it blue? No.</think>red", "red"),
        ("<|begin_of_box|>green<|end_of_box|>", "green"),
        ("ＲＥＤ", "red"),
        ("The picture is blue, not red", "blue"),
    ],
)
def test_answers_that_name_a_colour(text: str, colour: Any) -> None:
    assert named(text, ALL) == colour


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no image",
        "tired",
        "reduced",
        "I cannot see",
        "<think>it is red",
        "incredible",
        "??????",
        "апельсин",
    ],
)
def test_answers_that_name_none(text: str) -> None:
    assert named(text, ALL) is None


def test_a_probe_judges_by_its_own_answer() -> None:
    red = next(p for p in colour_probes() if p.answer == "red")
    assert red.judge("Rot.")
    assert not red.judge("Blue, not red.")
    assert not red.judge("no image")


def test_no_word_means_two_things() -> None:
    words = [w for group in (ALL, SHAPES) for key in group for w in WORDS[key].split()]
    assert len(words) == len(set(words))


def test_answers_are_compared_without_tags_and_case() -> None:
    assert final_answer("<think>x</think> <answer> Red </answer>") == final_answer("RED")


@pytest.mark.parametrize(
    ("again", "answer"), [("<think>", "red"), ("<", "red"), ("</", "red"), ("<think></thinking>", "blue")]
)
def test_thoughts_that_never_end_are_read_once(again: str, answer: str) -> None:
    """A search for the end of each would take hours."""
    assert named("red " + again * 200_000 + " blue", ["red", "blue"]) == answer


def test_a_thought_ends_at_its_own_tag() -> None:
    said = "<think>blue</thinking></think>red<reasoning>blue</Reasoning> <THINKING>blue</thinking>"
    assert named(said, ["red", "blue"]) == "red"
