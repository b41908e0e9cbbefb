"""How many tokens an image of a given size costs: in llama.cpp, and in the processor of the training.

llama.cpp (b10488, tools/mtmd: mtmd-image.cpp resizes and cuts, clip_n_output_tokens in clip.cpp counts, the
limits are those of load_hparams) keeps its own limits, whatever the model's preprocessor_config.json says.
The processors are those of transformers 5.24 (models/*/image_processing_*.py, processing_*.py) with the
limits of the released preprocessor_config.json; InternVL's is the function dynamic_preprocess of its model
card. Only the image's own tokens count, not the marks around it or its parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..gguf_file.arrays import NumberArray
from ..gguf_file.header import Header
from .engine_image_parts import ENGINE_PARTS
from .engine_image_rules import ENGINE_ALONE
from .eye import Eye, Formula, Size, count_of, fitted, one_square, own_shape, squares_of

__all__ = ["FORMULAS", "Eye", "Formula", "ImageTokens", "Size", "engine_size", "eye_of", "image_tokens"]


@dataclass(frozen=True)
class ImageTokens:
    """The tokens of one image. reference: None where it is not known; words: why the two differ, "" where
    they do not."""

    size: Size
    engine: int
    reference: int | None
    words: str = ""

    @property
    def equal(self) -> bool:
        """Whether both count the same."""
        return self.engine == self.reference


def image_tokens(projector: Header, size: Size, *, least: int = 0) -> ImageTokens | None:
    """What an image costs with a projector; None for a type whose formula is not in `FORMULAS`.

    size: width and height, each at least 1; least: the fewest tokens that Ollama asks llama-server for
    (`engine_arguments.least_image_tokens`), 0 for none.
    """
    eye = eye_of(projector, least=least)
    if eye is None:
        return None
    formula = FORMULAS[eye.kind]
    engine = formula.engine(eye, size)
    reference = formula.reference(eye, size) if formula.reference else None
    return ImageTokens(size, engine, reference, formula.words if reference not in (None, engine) else "")


def eye_of(projector: Header, *, least: int = 0) -> Eye | None:
    """The facts of a projector; None for a type that is not in `FORMULAS`, or a file that lacks them."""
    return eye_of_metadata(projector.metadata, least=least)


def eye_of_metadata(metadata: Mapping[str, Any], *, least: int = 0) -> Eye | None:
    """`eye_of` by the metadata alone, as a GGUF has it or as /api/show tells it (`projector_info`)."""

    def number(key: str, usual: int = 0) -> int:
        found = metadata.get(f"clip.vision.{key}")
        return found if isinstance(found, int) else usual

    kind = str(metadata.get("clip.vision.projector_type") or metadata.get("clip.projector_type") or "")
    side, patch = number("image_size"), number("patch_size")
    formula = FORMULAS.get(kind)
    if formula is None or any(number(key) <= 0 for key in formula.needs):
        return None
    key, usual = formula.merge
    grid = metadata.get("clip.vision.image_grid_pinpoints")
    numbers = [int(n) for n in grid] if isinstance(grid, (NumberArray, list)) else []
    return Eye(
        kind,
        side,
        patch,
        (number(key) if key else 0) or usual,
        tuple(zip(numbers[::2], numbers[1::2], strict=False)),
        number("preproc_image_size"),
        (
            max(1, number("preproc_min_tiles", formula.tiles[0])),
            number("preproc_max_tiles") or formula.tiles[1],
        ),
        least,
        (number("image_min_pixels"), number("image_max_pixels")),
        (number("projector.query_side"), number("projector.window_side")),
        _queries(metadata) if kind == "resampler" else 0,
    )


def _queries(metadata: Mapping[str, Any]) -> int:
    """MiniCPM-V: the number in the file; llama.cpp knows it by the version where a file does not say."""
    told = metadata.get("clip.minicpmv_query_num")
    if isinstance(told, int) and told > 0:
        return told
    return 64 if metadata.get("clip.minicpmv_version") in (3, 4, 5, 6, 100045) else 96


def engine_size(eye: Eye, size: Size) -> Size | None:
    """The size that llama.cpp gives an image before it looks at it; None where it cuts or squares it."""
    fit = FORMULAS[eye.kind].fit
    return fit(eye, size) if fit else None


# llama.cpp's side.


def _engine_rows(eye: Eye, size: Size) -> int:
    """Pixtral: one token more at the end of each row but the last."""
    return count_of(_PIXTRAL)(eye, size) + _PIXTRAL(eye, size)[1] // eye.step - 1


def _engine_grid(eye: Eye, size: Size) -> int:
    """LLaVA: one square, and with a list of sizes (1.6) the parts of the best of them."""
    return squares_of(eye, size, eye.grid)


def _engine_tiles(eye: Eye, size: Size) -> int:
    """InternVL: the same with every grid of that many parts."""
    least, most = eye.tiles
    across = range(least, most + 1)
    grids = [(a, b) for a in across for b in across if least <= a * b <= most]
    return squares_of(eye, size, [(a * eye.side, b * eye.side) for a, b in grids])


def _engine_split(eye: Eye, size: Size) -> int:
    """Idefics 3: a whole image, and its parts after its longest side has the length that it wants."""
    width, height = size
    if not eye.longest:  # files of old converters
        width, height = fitted(size, eye.side, 0, 0)
    elif width >= height:
        height = int(eye.longest / (width / height))
        width, height = eye.longest, height + height % 2
    else:
        width = int(eye.longest * (width / height))
        width, height = width + width % 2, eye.longest
    return eye.square * (1 + math.ceil(width / eye.side) * math.ceil(height / eye.side))


# The processors' side.


def _smart(least: int, most: int, frames: int = 1) -> Callable[[Eye, Size], int]:
    """smart_resize of Qwen2-VL and GLM-4V; least, most: pixels of all frames, of which an image has two in
    GLM-4V's count."""

    def count(eye: Eye, size: Size) -> int:
        width, height = size
        if frames > 1 and min(size) < eye.step:
            scale = max(eye.step / width, eye.step / height)
            width, height = int(width * scale), int(height * scale)
        step = eye.step
        across, down = (round(length / step) * step for length in (width, height))
        if frames * across * down > most:
            beta = math.sqrt(frames * width * height / most)
            across, down = (max(step, math.floor(n / beta / step) * step) for n in (width, height))
        elif frames * across * down < least:
            beta = math.sqrt(least / (frames * width * height))
            across, down = (math.ceil(n * beta / step) * step for n in (width, height))
        return (across // step) * (down // step)

    return count


def _pixtral(eye: Eye, size: Size) -> int:
    """PixtralImageProcessor: no side is longer than the encoder's; rows end with a token of their own."""
    ratio = max(size) / eye.side
    if ratio > 1:
        size = math.floor(size[0] / ratio), math.floor(size[1] / ratio)
    across, down = ((length - 1) // eye.step + 1 for length in size)
    return across * down + down - 1


def _anyres(eye: Eye, size: Size) -> int:
    """LlavaNextProcessor: the parts without their padding, with a token at the end of each row."""
    if not eye.grid:
        return eye.square
    width, height = size
    best, most, waste = (0, 0), 0, math.inf
    for candidate in eye.grid:
        scale = min(candidate[0] / width, candidate[1] / height)
        used = min(int(width * scale) * int(height * scale), width * height)
        unused = candidate[0] * candidate[1] - used
        if used > most or (used == most and unused < waste):
            best, most, waste = candidate, used, unused
    patches = eye.side // eye.patch
    across, down = (patches * (length // eye.side) for length in best)
    if width / height > across / down:
        down -= (down - int(round(height * (across / width), 7))) // 2 * 2
    else:
        across -= (across - int(round(width * (down / height), 7))) // 2 * 2
    return eye.square + across * down + down


def _dynamic(eye: Eye, size: Size) -> int:
    """dynamic_preprocess: the grid of the closest shape, and a small whole image beside several parts."""
    least, most = eye.tiles
    grids = sorted(
        {(a, b) for n in range(least, most + 1) for a in range(1, n + 1) for b in range(1, n + 1)},
        key=lambda grid: grid[0] * grid[1],
    )
    shape, area = size[0] / size[1], size[0] * size[1]
    best, closest = (1, 1), math.inf
    for a, b in grids:
        if not least <= a * b <= most:
            continue
        distance = abs(shape - a / b)
        if distance < closest or (distance == closest and area > 0.5 * eye.side**2 * a * b):
            best, closest = (a, b), distance
    parts = best[0] * best[1]
    return eye.square * (parts + (parts > 1))


def _idefics(eye: Eye, size: Size) -> int:
    """Idefics3ImageProcessor with its splitting, which is on."""
    longest = eye.longest or 4 * eye.side
    width, height = size
    shape = width / height
    if width >= height:
        width, height = longest, int(longest / shape)
        height += height % 2
    else:
        width, height = int(longest * shape), longest
        width += width % 2
    width, height = max(width, 1), max(height, 1)
    shape = width / height
    if width >= height:
        across = math.ceil(width / eye.side)
        down = math.ceil(int(across * eye.side / shape) / eye.side)
    else:
        down = math.ceil(height / eye.side)
        across = math.ceil(int(down * eye.side * shape) / eye.side)
    parts = across * down
    return eye.square * (1 + (parts if parts > 1 else 0))


def _fixed(eye: Eye, size: Size) -> int:
    return eye.square


_NATIVE, _PIXTRAL = own_shape(8, 4096), own_shape(8, 1024)
_MERGE = ("spatial_merge_size", 2)
_HALF = "; at half a step llama.cpp rounds up, the processor to the even number"
_QWEN_WORDS = f"llama.cpp takes 8 to 4,096 tokens, the processor 4 to 16,384{_HALF}"
_QWEN = Formula(count_of(_NATIVE), _smart(56 * 56, 16384 * 28 * 28), _QWEN_WORDS, _MERGE, _NATIVE)

FORMULAS: Mapping[str, Formula] = {
    **ENGINE_ALONE,
    **ENGINE_PARTS,
    "qwen2vl_merger": _QWEN,
    "qwen2.5vl_merger": _QWEN,
    "qwen2.5o": _QWEN,
    "qwen3vl_merger": Formula(
        count_of(_NATIVE),
        _smart(256 * 256, 4096 * 4096),
        f"llama.cpp takes 8 to 4,096 tokens, the processor 64 to 16,384{_HALF}",
        _MERGE,
        _NATIVE,
    ),
    "glm4v": Formula(
        count_of(_NATIVE),
        _smart(112 * 112, 14 * 14 * 2 * 2 * 2 * 6144, frames=2),
        f"llama.cpp takes 8 to 4,096 tokens, the processor 8 to 6,144{_HALF}",
        _MERGE,
        _NATIVE,
    ),
    "gemma3": Formula(one_square, _fixed, merge=("projector.scale_factor", 4)),
    "mlp": Formula(
        _engine_grid,
        _anyres,
        "llama.cpp keeps the padding of the parts and ends no row with a token",
    ),
    "internvl": Formula(
        _engine_tiles,
        _dynamic,
        "llama.cpp cuts whatever is larger than one part and takes the grid that loses the fewest pixels, "
        "the processor takes the grid of the closest shape",
        ("projector.scale_factor", 1),
    ),
    "pixtral": Formula(
        _engine_rows,
        _pixtral,
        "llama.cpp takes 8 to 1,024 tokens beside the ends of rows, the processor what its longest side has "
        "room for, rounded up",
        ("spatial_merge_size", 1),
        _PIXTRAL,
    ),
    "idefics3": Formula(
        _engine_split,
        _idefics,
        "the two come to another grid",
        ("projector.scale_factor", 1),
    ),
}
"""The rules by projector type: the one table of what images cost."""
