"""How many tokens llama.cpp makes of an image, for types whose training processor has not been compared.

Learnt from llama.cpp (b10488, tools/mtmd: mtmd-image.cpp, load_hparams and clip_n_output_tokens in clip.cpp)
and held against what it counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from .eye import Eye, Formula, Size, best_of, count_of, count_squares, fitted, float32, own_shape


def _by_file(least: int = 0, most: int = 0, *, both: bool = False) -> Callable[[Eye, Size], Size]:
    """An image of its own shape within the pixels that the file allows.

    least, most: tokens where it does not say; both: the file counts only where it says both.
    """

    def fit(eye: Eye, size: Size) -> Size:
        area = eye.step**2
        pixels = eye.pixels if all(eye.pixels) or not both else (0, 0)
        low = pixels[0] or (eye.least or least) * area
        return fitted(size, eye.step, low, pixels[1] or most * area)

    return fit


def _with_marks(marks: int, merge: int = 1) -> Callable[[Eye, Size], int]:
    """Squares, each with marks that the encoder makes itself. merge: patches a side, halves dropped."""

    def count(eye: Eye, size: Size) -> int:
        of_each = (eye.side // eye.patch) ** 2 // merge**2 + marks
        return count_squares(eye, size, eye.grid) * of_each

    return count


def _mobile_net(eye: Eye, size: Size) -> int:
    """Gemma 3n: as many tokens as patches lie along one side."""
    return eye.side // eye.patch


def _rows_and_ends(eye: Eye, size: Size) -> int:
    """HunyuanVL: a token at the end of each row, one before the image and one behind it."""
    width, height = _HUNYUAN(eye, size)
    return (width // eye.step + 1) * (height // eye.step) + 2


def _canvas(eye: Eye, size: Size) -> int:
    """GLM-5V: the image lies on a canvas of whole steps; only one that is too large or small is scaled."""
    step, (width, height), (least, most) = eye.step, size, eye.pixels
    least = eye.least * step**2 or least

    def steps(length: int) -> int:
        return -(-length // step)

    across, down = steps(width), steps(height)
    if across * down * step**2 < least:
        scale = math.sqrt(least / (height * width))
        across, down = (steps(max(1, math.ceil(length * scale))) for length in (width, height))
    if across * down * step**2 > most:
        across, down = 1, 1
        low, high = 1, height
        while low <= high:  # the greatest height whose canvas is small enough
            tall = (low + high) // 2
            wide = max(1, width * tall // height)
            if steps(wide) * steps(tall) * step**2 <= most:
                across, down, low = steps(wide), steps(tall), tall + 1
            else:
                high = tall - 1
    return across * down


def _windows(eye: Eye, size: Size) -> int:
    """Granite Vision: a query former makes a square of each window of patches.

    A whole image, then the parts without their padding, with a token at the end of each row.
    """
    query, window = eye.query
    side = eye.side // eye.patch // window * query
    best = best_of(eye.grid, size)
    across, down = (length // eye.side * side for length in best)
    if not across * down:
        return side**2
    if float32(size[0] / size[1]) > float32(across / down):
        down -= (down - math.floor(size[1] * across / size[0] + 1e-7)) // 2 * 2
    else:
        across -= (across - math.floor(size[0] * down / size[1] + 1e-7)) // 2 * 2
    return side**2 + down * (across + 1)


def _closest_grid(tiles: tuple[int, int], size: Size, tile: int) -> Size:
    """The grid of the closest shape; of two alike the larger one, if the image has half of its pixels."""
    least, most = tiles[0], min(tiles[1], _MOST_TILES)
    across = range(1, most + 1)
    grids = [(a, b) for a in across for b in across if least <= a * b <= most]
    shape, best, closest = float32(size[0] / size[1]), (1, 1), math.inf
    for a, b in sorted(grids, key=lambda grid: grid[0] * grid[1]):
        distance = abs(float32(shape - float32(a / b)))
        if distance < closest or (distance == closest and size[0] * size[1] > 0.5 * tile**2 * a * b):
            best, closest = (a, b), distance
    return best


def _deepseek_rows(eye: Eye, size: Size) -> int:
    """DeepSeek-OCR: 16 rows of 16 with their ends and one token more for the whole; parts row by row, each of
    whose 10 lines has an end."""
    whole = 16 * 17 + 1
    if max(size) <= 640:
        return whole
    across, down = _closest_grid(eye.tiles, size, 640)
    return whole + down * (10 * across + 1) * 10


def _deepseek_queries(eye: Eye, size: Size) -> int:
    """DeepSeek-OCR 2: 256 queries for the whole and one token more, 144 for each part."""
    if max(size) <= 768:
        return 257
    across, down = _closest_grid(eye.tiles, size, 768)
    return 257 + 144 * across * down


_MOST_V4 = 384
_MOST_TILES = 256  # llama.cpp refuses a file that says more


def _deepseek_block(eye: Eye, size: Size) -> int:
    """DeepSeek V4: an even number of rows with their ends, between two marks, at most 384 tokens.

    What is put before the image, so that it ends on a block of four tokens of the prompt, does not count.
    """
    patch, step = eye.patch, eye.step
    width, height = min(size[0], 8 * size[1]), size[1]
    area = step**2
    least = min(eye.least * area or eye.pixels[0], _MOST_V4 * area)
    if width * height < least:
        scale = math.sqrt(least / (width * height))
        width, height = int(width * scale), int(height * scale)
    across, down = (-(-length // patch) * patch for length in (width, height))
    most = budget = _MOST_V4 - 3
    while (tokens := _block(-(-across // step), -(-down // step))) > most:
        across, down = _smaller(width, height, eye, budget)
        budget -= 1
    return tokens


def _block(across: int, down: int) -> int:
    rows = down + down % 2
    return 2 + rows * (across + 1) + rows // 2 * (across + 1) % 2 * 2


def _smaller(width: int, height: int, eye: Eye, budget: int) -> Size:
    shape = height / width
    wide = math.sqrt((budget - 2) / shape + 0.25) - 0.5
    tall = wide * shape
    if wide < 1:
        return eye.step, (budget - 2) // 2 // 2 * 2 * eye.step
    if tall < 2:
        return max((budget - 2) // 2 - 1, 2) * eye.step, 2 * eye.step
    most = math.floor(wide) * eye.step, math.floor(tall) // 2 * 2 * eye.step
    scale = min(most[0] / width, most[1] / height)
    return (
        math.floor(width * scale / eye.patch) * eye.patch,
        math.floor(height * scale / eye.patch) * eye.patch,
    )


_HUNYUAN = _by_file(256, 16384)
_SCALE, _MERGE = "projector.scale_factor", "spatial_merge_size"


_PATCH = ("patch_size",)  # the side of an encoder that takes any size is 0 in some files
_LIMITS = (*_PATCH, "image_min_pixels", "image_max_pixels")
_QUERIES = ("image_size", *_PATCH, "projector.query_side", "projector.window_side")


def _shaped(
    fit: Callable[[Eye, Size], Size], key: str, usual: int, needs: tuple[str, ...] = _PATCH
) -> Formula:
    return Formula(count_of(fit), merge=(key, usual), fit=fit, needs=needs)


ENGINE_ALONE: Mapping[str, Formula] = {
    "adapter": Formula(_with_marks(2, merge=2)),
    "cogvlm": Formula(_with_marks(2)),
    "deepseek4v": Formula(_deepseek_block, merge=(_SCALE, 1), needs=(*_PATCH, "image_min_pixels")),
    "deepseekocr": Formula(_deepseek_rows, tiles=(2, 9), needs=()),
    "deepseekocr2": Formula(_deepseek_queries, tiles=(2, 6), needs=()),
    "dots3note_v": _shaped(_by_file(), _MERGE, 1, _LIMITS),
    "dots_ocr": _shaped(_by_file(), _SCALE, 1, _LIMITS),
    "exaone4_5": _shaped(_by_file(), _MERGE, 2, _LIMITS),
    "gemma3nv": Formula(_mobile_net),
    "gemma4uv": _shaped(own_shape(70, 1120), _SCALE, 3),
    "gemma4v": _shaped(own_shape(70, 1120), _SCALE, 3),
    "glm5v": Formula(_canvas, merge=(_MERGE, 2), needs=_LIMITS),
    "granite4_vision": Formula(_windows, needs=_QUERIES),
    "hunyuanvl": Formula(_rows_and_ends, merge=(_MERGE, 2), fit=_HUNYUAN, needs=_PATCH),
    "janus_pro": Formula(_with_marks(0)),
    "kimik25": _shaped(_by_file(2, 4096, both=True), _SCALE, 1),
    "kimivl": _shaped(own_shape(8, 1024), _SCALE, 1),
}
"""The rules by projector type, of llama.cpp's side alone."""
