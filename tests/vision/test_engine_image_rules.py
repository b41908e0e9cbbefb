"""What llama.cpp counts for pictures, worked out by hand; test_image_tokens.py asks llama.cpp itself."""

from __future__ import annotations

import pytest

from modelfile_kit.vision.engine_image_rules import ENGINE_ALONE
from modelfile_kit.vision.eye import Eye, Size
from modelfile_kit.vision.image_tokens import eye_of_metadata

SQUARES = ((384, 768), (768, 384), (768, 768))


@pytest.mark.parametrize(
    ("eye", "size", "tokens"),
    [
        (Eye("janus_pro", 384, 16), (9, 9), 24 * 24),
        (Eye("cogvlm", 490, 14), (2000, 9), 35 * 35 + 2),
        (Eye("adapter", 672, 14), (1, 1), 48 * 48 // 4 + 2),
        (Eye("gemma3nv", 768, 3), (1080, 2400), 256),
        # 1080 and 2400 by 32 are 33.75 and 75; an end to each row, a mark before and behind
        (Eye("hunyuanvl", 0, 16, 2), (1080, 2400), 75 * (34 + 1) + 2),
        # 48 by 48 pixels: 22.5 and 50 of them are 1,150 tokens, more than 1,120
        (Eye("gemma4v", 224, 16, 3), (1080, 2400), 22 * 49),
        (Eye("kimik25", 896, 14, 2, pixels=(28 * 28, 2 * 28 * 28)), (28, 28), 1),
        (Eye("kimik25", 896, 14, 2, pixels=(0, 2 * 28 * 28)), (280, 28), 10),  # one limit alone says nothing
        # the canvas has whole steps: 57 pixels are three of 28
        (Eye("glm5v", 336, 14, 2, pixels=(1, 10**7)), (57, 56), 3 * 2),
        # 24 patches are 3 windows of 8, each of which becomes 4 by 4; the parts are 24 by 24 with ends
        (Eye("granite4_vision", 384, 16, grid=SQUARES, query=(4, 8)), (800, 800), 12 * 12 + 24 * 25),
        (Eye("deepseekocr", 0, 16, tiles=(2, 9)), (640, 640), 16 * 17 + 1),
        # 2 by 2 parts: 3 by 3 have more than twice the picture's pixels
        (Eye("deepseekocr", 0, 16, tiles=(2, 9)), (1280, 1280), 16 * 17 + 1 + 2 * 10 * 21),
        (Eye("deepseekocr2", 0, 16, tiles=(2, 6)), (1080, 2400), 257 + 2 * 144),
        # 4 by 4 and an end to each row, two marks; 2 times 5 is even, so that no padding follows
        (Eye("deepseek4v", 0, 14, 2, pixels=(1, 0)), (112, 112), 4 * 5 + 2),
    ],
    ids=lambda value: value.kind if isinstance(value, Eye) else None,
)
def test_by_hand(eye: Eye, size: Size, tokens: int) -> None:
    assert ENGINE_ALONE[eye.kind].engine(eye, size) == tokens


@pytest.mark.parametrize("kind", ["deepseek4v", "glm5v", "kimivl", "deepseekocr", "granite4_vision"])
def test_any_shape_has_an_answer(kind: str) -> None:
    eye = Eye(kind, 384, 14, 2, SQUARES, tiles=(2, 10**9), pixels=(56 * 56, 10**6), query=(4, 8))
    for size in ((1, 1), (1, 100_000), (100_000, 1), (100_000, 100_000)):
        assert ENGINE_ALONE[kind].engine(eye, size) >= 1


def test_a_file_that_lacks_what_the_rule_needs() -> None:
    """llama.cpp does not load such a file."""
    said = {"clip.projector_type": "dots_ocr", "clip.vision.patch_size": 14}
    assert eye_of_metadata(said) is None
    limits = {"clip.vision.image_min_pixels": 3136, "clip.vision.image_max_pixels": 11289600}
    eye = eye_of_metadata({**said, **limits, "clip.vision.projector.scale_factor": 2})
    assert eye == Eye("dots_ocr", 0, 14, 2, pixels=(3136, 11289600))
