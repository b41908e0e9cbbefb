"""How many tokens llama.cpp makes of images, for types that cut them or stretch them; its side alone.

Learnt from llama.cpp (b10488, tools/mtmd: mtmd-image.cpp, the choice of a preprocessor in mtmd.cpp,
load_hparams and clip_n_output_tokens in clip.cpp) and held against what it counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from .eye import Eye, Formula, Size, count_of, fitted, float32, one_square, own_shape, squares_of

# Images in their own shape.


def _own_limits(eye: Eye, size: Size) -> Size:
    """An image of its own shape, with the limits of its file, whatever anybody asks for."""
    return fitted(size, eye.step, *eye.pixels)


def _longest(eye: Eye, size: Size) -> Size:
    """LightOnOCR: the longer side has the length that the file wants, in small images too."""
    longest = eye.longest or eye.side
    scale = min(float32(longest / size[0]), float32(longest / size[1]))
    width, height = (math.ceil(float32(float32(length * scale) / eye.step)) * eye.step for length in size)
    area = eye.least * eye.step**2
    if area and width * height < area:
        grown = float32(math.sqrt(float32(area / float32(size[0] * size[1]))))
        width, height = (math.ceil(float32(float32(length * grown) / eye.step)) * eye.step for length in size)
    return width, height


def _closest_grid(eye: Eye, size: Size) -> Size:
    """Muse Glimmer: of the up to four whole grids around the image's own, the one of the closest shape."""
    most = 4096
    across, down = (length / eye.step for length in size)
    shape = across / down
    if across * down > most:
        down = math.sqrt(most / shape)
        across = down * shape
    best: tuple[float, int, Size] | None = None
    for rows in (math.floor(down), math.ceil(down)):
        for columns in (math.floor(across), math.ceil(across)):
            if rows < 1 or columns < 1 or rows * columns > most:
                continue
            distance = abs(rows / columns - size[1] / size[0])
            if best is None or (distance, -rows * columns) < best[:2]:
                best = distance, -rows * columns, (columns, rows)
    columns, rows = best[2] if best else (max(1, math.floor(n + 0.5)) for n in (across, down))
    return columns * eye.step, rows * eye.step


def _shrunk_in_steps(eye: Eye, size: Size) -> Size:
    """Youtu-VL: rounded up to whole steps, 0.02 smaller again and again until there are not too many."""
    scale, step = 1.0, eye.step
    while True:
        across, down = (max(1, math.ceil(float32(float32(length * scale) / step))) for length in size)
        if across * down <= 62_500:
            return across * step, down * step
        scale = float32(scale - float32(0.02))


# Images of one size, whole or in parts.


def _pooled(eye: Eye, size: Size) -> int:
    """Yasa 2: whatever the encoder sees becomes 8 times 8."""
    return 64


def _listed_parts(eye: Eye, size: Size) -> int:
    """MobileVLM: the parts of the best size in the file's list, if it has one; a quarter of the patches."""
    return squares_of(eye, size, eye.grid)


def _three_a_side(eye: Eye, size: Size) -> int:
    """Llama 4: the best of all grids of up to three parts a side."""
    grids = [(a * eye.side, b * eye.side) for a in (1, 2, 3) for b in (1, 2, 3) if a * b > 1]
    return squares_of(eye, size, [*eye.grid, *grids])


def _queried(eye: Eye, size: Size) -> int:
    """MiniCPM-V: every part costs as many tokens as there are queries, whatever its size."""
    across, down = minicpm_grid(eye, size)
    return eye.queries * (1 + across * down)


def _merged_slices(eye: Eye, size: Size) -> int:
    """MiniCPM-V 4.6: every part costs by its own size."""
    across, down = minicpm_grid(eye, size)
    if not across:
        return _merged(eye, _best_size(eye, size, grow=True)) if eye.merge == 2 else eye.square
    part = _multiple(size[0], across) // across, _multiple(size[1], down) // down
    parts = across * down * _merged(eye, _best_size(eye, part, grow=True))
    return _merged(eye, _best_size(eye, size, grow=False)) + parts


def _merged(eye: Eye, size: Size) -> int:
    return (size[0] // eye.patch) * (size[1] // eye.patch) // eye.merge**2


def minicpm_grid(eye: Eye, size: Size) -> Size:
    """The parts across and down, none for a small image: about as many as the image has squares, at most
    nine, in its own shape."""
    squares = float32(float32(size[0] * size[1]) / eye.side**2)
    if max(size) <= eye.side or (eye.kind == "minicpmv4_6" and eye.merge == 2 and squares <= 1):
        return 0, 0
    wanted = min(math.ceil(squares), 9)
    shape = float32(math.log(float32(size[0] / size[1])))
    best: Size = (1, 1)
    least = math.inf
    for number in (wanted - 1, wanted, wanted + 1):
        if number == 1 or number > 9:
            continue
        for across in range(1, number + 1):
            if number % across:
                continue
            down = number // across
            error = float32(abs(shape - math.log(across / down)))
            if error < least:
                best, least = (across, down), error
    return best


def _best_size(eye: Eye, size: Size, *, grow: bool) -> Size:
    """About as many pixels as the encoder's square, in whole steps; grow: small images too."""
    width, height = size
    if width * height > eye.side**2 or grow:
        shape = float32(width / height)
        height = int(float32(eye.side / float32(math.sqrt(shape))))
        width = int(float32(height * shape))
    return _multiple(width, eye.step), _multiple(height, eye.step)


def _multiple(length: int, step: int) -> int:
    return max(math.floor(float32(length / step) + 0.5) * step, step)


_LFM_TILE = 512
_LFM_SHAPE = own_shape(64, 256)


def _tiles_and_thumbnail(eye: Eye, size: Size) -> int:
    """LFM2-VL: a whole image, and squares of 512 of a large one."""
    width, height = _LFM_SHAPE(eye, size)
    across, down = lfm_grid(eye, size)
    return (width // eye.step) * (height // eye.step) + across * down * math.ceil(_LFM_TILE / eye.step) ** 2


def lfm_grid(eye: Eye, size: Size) -> Size:
    """The 2 to 10 parts of an image of more than twice the limit; none for another."""
    sides = [max(eye.patch, round(length / eye.step) * eye.step) for length in size]
    if sides[0] * sides[1] <= 256 * eye.step**2 * 2:
        return 0, 0
    grids = sorted(
        {(a, b) for a in range(1, 11) for b in range(1, 11) if 2 <= a * b <= 10},
        key=lambda g: (g[0] * g[1], g),
    )
    shape, area = float32(size[0] / size[1]), float32(size[0] * size[1])
    best, closest = (1, 1), math.inf
    for grid in grids:
        distance = float32(abs(shape - float32(grid[0] / grid[1])))
        half = 0.5 * _LFM_TILE**2 * grid[0] * grid[1]
        if distance < closest or (distance == closest and area > half):
            best, closest = grid, distance
    return best


_STEP_CROP = 504


def _windows(eye: Eye, size: Size) -> int:
    """Step3-VL: the whole image as a square, and squares of 504 of what is large or long."""
    across, down = step_grid(eye, size)
    return (eye.side // eye.step) ** 2 + across * down * (_STEP_CROP // eye.step) ** 2


def step_grid(eye: Eye, size: Size) -> Size:
    """The windows across and down, none for a small image that is not long."""
    width, height = size
    shape = float32(width / height)
    if min(size) < 32 and (shape > 4 or shape < 0.25):
        width = height = max(size)
    longest = eye.longest or 3024
    if max(width, height) > longest:
        scale = float32(longest / max(width, height))
        width, height = (max(1, math.floor(float32(length * scale))) for length in (width, height))
    longer, shorter = max(width, height), min(width, height)
    shape = float32(longer / shorter)
    if longer <= eye.side:
        window = shorter if shape > 1.5 else 0
    else:
        window = min(shorter, _STEP_CROP) if shape > 4 else _STEP_CROP
    if not window:
        return 0, 0
    return _cuts(width, window), _cuts(height, window)


def _cuts(length: int, window: int) -> int:
    """How many windows a side has: a rest of more than a fifth of one counts."""
    ratio = float32(length / window)
    if ratio < 1:
        return 1
    return math.floor(ratio) + (float32(ratio - math.floor(ratio)) > float32(0.2))


_TWO = ("spatial_merge_size", 2)
_SCALE = "projector.scale_factor"
_PATCH = ("patch_size",)  # an encoder that takes any size may have no side in its file
_LIMITS = (*_PATCH, "image_min_pixels", "image_max_pixels")


def _shaped(
    fit: Callable[[Eye, Size], Size], merge: tuple[str, int], needs: tuple[str, ...] = _PATCH
) -> Formula:
    return Formula(count_of(fit), merge=merge, fit=fit, needs=needs)


ENGINE_PARTS: Mapping[str, Formula] = {
    "ldp": Formula(_listed_parts, merge=("", 2)),
    "ldpv2": Formula(_listed_parts, merge=("", 2)),
    "lfm2": Formula(_tiles_and_thumbnail, merge=(_SCALE, 1), needs=_PATCH),
    # no size to send: it makes small images larger
    "lightonocr": Formula(count_of(_longest), merge=("spatial_merge_size", 1)),
    "ling3vl": _shaped(own_shape(8, 4096), _TWO),
    "llama4": Formula(_three_a_side, merge=(_SCALE, 1)),
    "mimovl": _shaped(_own_limits, _TWO, _LIMITS),
    "minicpmv4_6": Formula(_merged_slices, merge=(_SCALE, 4)),
    "minimax_m3": _shaped(own_shape(8, 576), _TWO),
    "muse-glimmer": _shaped(_closest_grid, _TWO),
    "nemotron_v2_vl": Formula(one_square, merge=(_SCALE, 1)),
    "paddleocr": _shaped(_own_limits, ("", 2), _LIMITS),
    "phi4": _shaped(_own_limits, ("", 1), _LIMITS),
    "resampler": Formula(_queried),
    "step3vl": Formula(_windows, merge=(_SCALE, 4)),
    "yasa2": Formula(_pooled, needs=()),
    "youtuvl": _shaped(_shrunk_in_steps, _TWO),
}
"""The rules by projector type, of llama.cpp's side alone."""
