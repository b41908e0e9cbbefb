"""The sizes in which images are sent; the numbers are worked out by hand from the engine's steps."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.vision.image_size import sent_size
from modelfile_kit.vision.image_tokens import FORMULAS, Eye

GLM = Eye("glm4v", 336, 14, 2)
GEMMA = Eye("gemma3", 896, 14, 4)
PIXTRAL = Eye("pixtral", 1024, 16)
LLAVA = Eye("mlp", 336, 14, grid=((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)))
GEMMA4, HUNYUAN = Eye("gemma4v", 224, 16, 3), Eye("hunyuanvl", 0, 16, 2)
PHI = Eye("phi4", 384, 16, pixels=(65_536, 921_600))
MUSE, YOUTU = Eye("muse-glimmer", 448, 14, 2), Eye("youtuvl", 256, 16, 2)
LIGHTON = Eye("lightonocr", 1540, 14, 2)
SIZES = [(n * 97 % 5900 + 40, n * 311 % 5900 + 40) for n in range(60)] + [(8000, 50), (1, 1), (3, 9000)]


def test_small_images_stay_as_they_are() -> None:
    assert sent_size((1080, 1920)) == (1080, 1920)
    assert sent_size((1080, 1920), GLM) == (1080, 1920)
    assert sent_size((1, 1), GLM) == (1, 1)


def test_the_longest_side() -> None:
    assert sent_size((4096, 1024)) == (2048, 512)
    assert sent_size((4096, 1024), longest=0) == (4096, 1024)
    assert sent_size((100_000, 3)) == (2048, 1)


def test_what_the_engine_would_shrink_gets_the_engines_size() -> None:
    # 4,096 tokens of 28 by 28 pixels; 3000x3000 becomes a square of 64 by 64 of them
    assert sent_size((3000, 3000), GLM, longest=0) == (64 * 28, 64 * 28)
    # 1,024 of 16 by 16
    assert sent_size((2000, 2000), PIXTRAL) == (32 * 16, 32 * 16)


@pytest.mark.parametrize(
    "eye", [GLM, PIXTRAL, GEMMA, GEMMA4, HUNYUAN, PHI, MUSE, YOUTU, LIGHTON], ids=lambda e: e.kind
)
def test_the_tokens_stay_the_same(eye: Eye) -> None:
    count = FORMULAS[eye.kind].engine
    for size in SIZES:
        sent = sent_size(size, eye, longest=0)
        assert count(eye, sent) == count(eye, size), size
        assert sent[0] <= size[0]
        assert sent[1] <= size[1]


@pytest.mark.parametrize("eye", [GLM, PIXTRAL, LLAVA], ids=lambda e: e.kind)
@pytest.mark.parametrize("most", [600, 1000, 2000])
def test_an_image_costs_what_it_may(eye: Eye, most: int) -> None:
    for size in SIZES[:20]:
        sent = sent_size(size, eye, most_tokens=most)
        assert FORMULAS[eye.kind].engine(eye, sent) <= most, size


def test_no_size_is_cheap_enough() -> None:
    with pytest.raises(UsageError, match="at least 256 tokens"):
        sent_size((100, 100), GEMMA, most_tokens=255)
    assert sent_size((100, 100), GEMMA, most_tokens=256) == (100, 100)
    with pytest.raises(UsageError, match="at least 576 tokens"):
        sent_size((3000, 900), LLAVA, most_tokens=575)
