"""What a projector's file says of images, and the steps that llama.cpp's rules for their sizes share.

llama.cpp (tools/mtmd: mtmd-image.cpp, load_hparams in clip.cpp) counts in floats of 32 bits, which decides at
the edges.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class Eye:
    """What a projector's file says of the images that it takes.

    kind: `clip.projector_type`; side: of the square image that its encoder was made for; patch: side of a
    patch; merge: how many patches a side become one token; grid: sizes into which large images are cut
    (LLaVA 1.6); longest: the longest side of an image before it is cut, 0 for none; tiles: the least and
    the greatest number of parts; least: the fewest tokens, as Ollama asks for, 0 for llama.cpp's rule;
    pixels: the least and the greatest number of an image, 0 for llama.cpp's rule; query: the sides of what
    a query former makes and of the window of patches that it looks at (Granite), 0 without one;
    queries: how many tokens a resampler makes of each part (MiniCPM-V).
    """

    kind: str
    side: int
    patch: int
    merge: int = 1
    grid: tuple[Size, ...] = ()
    longest: int = 0
    tiles: tuple[int, int] = (1, 12)
    least: int = 0
    pixels: tuple[int, int] = (0, 0)
    query: tuple[int, int] = (0, 0)
    queries: int = 0

    @property
    def step(self) -> int:
        """The side of what one token sees."""
        return self.patch * self.merge

    @property
    def square(self) -> int:
        """The tokens of one image of `side`."""
        return (self.side // self.patch) ** 2 // self.merge**2


@dataclass(frozen=True)
class Formula:
    """The rule of one projector type.

    engine, reference: tokens of an image, of an eye and a size, reference None where the processor's rule is
    not known; words: what differs between the two, "" for nothing; merge: the key that says how many patches
    become one token, and what holds without it. fit: the size that the engine gives an image first, None for
    an engine that cuts or squares it. tiles: the least and the greatest number of parts, where the file
    does not say; needs: the keys (after `clip.vision.`) without which the rule says nothing.
    """

    engine: Callable[[Eye, Size], int]
    reference: Callable[[Eye, Size], int] | None = None
    words: str = ""
    merge: tuple[str, int] = ("", 1)
    fit: Callable[[Eye, Size], Size] | None = None
    tiles: tuple[int, int] = (1, 12)
    needs: tuple[str, ...] = ("image_size", "patch_size")


def own_shape(least: int, most: int) -> Callable[[Eye, Size], Size]:
    """An image of its own shape within limits: least, most: tokens (set_limit_image_tokens)."""

    def fit(eye: Eye, size: Size) -> Size:
        area = eye.step**2
        return fitted(size, eye.step, (eye.least or least) * area, most * area)

    return fit


def count_of(fit: Callable[[Eye, Size], Size]) -> Callable[[Eye, Size], int]:
    """A token for each step of the image that is left."""

    def count(eye: Eye, size: Size) -> int:
        width, height = fit(eye, size)
        return (width // eye.step) * (height // eye.step)

    return count


def one_square(eye: Eye, size: Size) -> int:
    """The tokens of the encoder's own square, whatever the image's size."""
    return eye.square


def squares_of(eye: Eye, size: Size, grid: Sequence[Size]) -> int:
    """The tokens of a whole image and of its parts, by the best size of a list."""
    return eye.square * count_squares(eye, size, grid)


def count_squares(eye: Eye, size: Size, grid: Sequence[Size]) -> int:
    """The whole image, and its parts by the best size of a list."""
    if not grid or max(size) <= eye.side:
        return 1
    best = best_of(grid, size)
    return 1 + math.ceil(best[0] / eye.side) * math.ceil(best[1] / eye.side)


def best_of(grid: Sequence[Size], size: Size) -> Size:
    """The size of a list that keeps most of an image, and wastes least (select_best_resolution)."""
    best, most, waste = (0, 0), 0, math.inf
    for candidate in grid:
        scale = min(float32(candidate[0] / size[0]), float32(candidate[1] / size[1]))
        width, height = (int(float32(length * scale)) for length in size)
        used = min(width * height, size[0] * size[1])
        unused = candidate[0] * candidate[1] - used
        if used > most or (used == most and unused < waste):
            best, most, waste = candidate, used, unused
    return best


def fitted(size: Size, step: int, least: int, most: int) -> Size:
    """calc_size_preserved_ratio: multiples of a step, within limits of pixels (0 for none)."""
    near = [max(step, math.floor(float32(length / step) + 0.5) * step) for length in size]
    width, height = (float32(length) for length in size)
    if most and near[0] * near[1] > most:
        beta = float32(math.sqrt(float32(float32(height * width) / most)))
        near = [max(step, math.floor(float32(float32(length / beta) / step)) * step) for length in size]
    elif least and near[0] * near[1] < least:
        beta = float32(math.sqrt(float32(least / float32(height * width))))
        near = [math.ceil(float32(float32(length * beta) / step)) * step for length in size]
    return near[0], near[1]


def float32(number: float) -> float:
    """A number as 32 bits hold it."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
