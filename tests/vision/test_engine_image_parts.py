"""What llama.cpp counts for pictures, worked out by hand; test_image_tokens.py asks llama.cpp itself."""

from __future__ import annotations

import pytest

from modelfile_kit.vision.engine_image_parts import ENGINE_PARTS
from modelfile_kit.vision.eye import Eye
from modelfile_kit.vision.image_tokens import eye_of_metadata


def test_by_hand() -> None:
    """A phone's screen, 1080 by 2400, by hand from the released models' settings."""

    def cost(eye: Eye) -> int:
        return ENGINE_PARTS[eye.kind].engine(eye, (1080, 2400))

    # MiniCPM-V 2.6: 12.9 squares of 448, at most nine; of the grids of eight and nine parts two by four is
    # the nearest to the shape of 0.45, and the whole picture comes first
    assert cost(Eye("resampler", 448, 14, queries=64)) == 64 * (1 + 2 * 4)
    # LFM2-VL: 2 by 4 and 2 by 5 parts of 512 are equally near to 0.45, and the picture fills more than half
    # of the larger; the whole has at most 256 tokens: 10 by 23
    assert cost(Eye("lfm2", 256, 16, 2)) == 10 * 16 * 16 + 10 * 23
    # Llama 4: the grid of 336 up to three a side that keeps most: one by three keeps 336 by 746, two by three
    # 453 by 1008
    assert cost(Eye("llama4", 336, 14, 2)) == 144 * (1 + 2 * 3)
    # MobileVLM and Yasa 2 look at one square
    assert cost(Eye("ldpv2", 336, 14, 2)) == 144
    assert cost(Eye("yasa2", 512, 16)) == 64
    # Step3-VL: 2.14 and 4.76 windows of 504 are 2 and 5 of 81 tokens; 728 is 13 steps of 56
    assert cost(Eye("step3vl", 728, 14, 4, longest=3024)) == 13 * 13 + 2 * 5 * 81
    # Youtu-VL rounds up: 33.75 and 75 steps of 32
    assert cost(Eye("youtuvl", 256, 16, 2)) == 34 * 75


@pytest.mark.parametrize("kind", ENGINE_PARTS)
def test_any_shape_has_an_answer(kind: str) -> None:
    eye = Eye(kind, 336, 14, 2, pixels=(56 * 56, 10**6), queries=64)
    for size in ((1, 1), (1, 100_000), (100_000, 1), (100_000, 100_000)):
        assert ENGINE_PARTS[kind].engine(eye, size) >= 1


def test_the_number_of_queries() -> None:
    """Old files of MiniCPM-V tell a version alone: 2 and none have 96, the later ones 64."""
    said = {"clip.projector_type": "resampler", "clip.vision.image_size": 448, "clip.vision.patch_size": 14}
    for more, queries in (
        ({}, 96),
        ({"clip.minicpmv_version": 2}, 96),
        ({"clip.minicpmv_version": 3}, 64),
        ({"clip.minicpmv_version": 100045}, 64),
        ({"clip.minicpmv_version": 2, "clip.minicpmv_query_num": 32}, 32),
    ):
        eye = eye_of_metadata({**said, **more})
        assert eye is not None and eye.queries == queries


def test_the_limits_of_the_file_are_needed() -> None:
    """llama.cpp does not load such a file."""
    said = {"clip.projector_type": "phi4", "clip.vision.image_size": 384, "clip.vision.patch_size": 16}
    assert eye_of_metadata(said) is None
