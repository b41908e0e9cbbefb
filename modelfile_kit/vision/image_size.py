"""How large an image is sent, so that the engine does not have to shrink it and it costs what it may."""

from __future__ import annotations

from ..core.errors import UsageError
from .image_tokens import FORMULAS, Eye, Size, engine_size

LONGEST = 2048
"""The longest side in pixels, where nobody says another: what the largest known encoders still see."""

# Each try of a size that costs fewer tokens is so much smaller than the one before.
_STEP = 0.99
_TRIES = 700  # to a thousandth of the size


def sent_size(size: Size, eye: Eye | None = None, *, longest: int = LONGEST, most_tokens: int = 0) -> Size:
    """The size in which an image is sent; never larger than it is.

    eye: what the projector's file says, None where it is not known. longest: of the longer side, in pixels,
    0 for any. most_tokens: what it may cost by llama.cpp's count, 0 for any; it needs an eye. For a projector
    that takes images in their own shape, an image that the engine would shrink gets exactly the size that the
    engine would give it: the same tokens, made from better pixels. Raises UsageError where no size costs so
    little.
    """
    wanted = _shrunk(size, longest / max(size)) if longest and max(size) > longest else size
    if eye is None:
        return wanted
    if most_tokens:
        wanted = _affordable(wanted, eye, most_tokens)
    fitted = engine_size(eye, wanted)
    if (
        fitted is not None
        and fitted[0] * fitted[1] < wanted[0] * wanted[1]
        and all(new <= old for new, old in zip(fitted, size, strict=True))
    ):
        return fitted
    return wanted


def _affordable(size: Size, eye: Eye, most_tokens: int) -> Size:
    count = FORMULAS[eye.kind].engine
    for number in range(_TRIES):
        smaller = _shrunk(size, _STEP**number)
        if count(eye, smaller) <= most_tokens:
            return smaller
    least = min(count(eye, _shrunk(size, _STEP**number)) for number in range(_TRIES))
    raise UsageError(
        f"an image of {size[0]}x{size[1]} costs at least {least:,} tokens with a projector of type "
        f"{eye.kind}, however small it is made; {most_tokens:,} are allowed",
        help=f"allow {least:,} tokens or more",
    )


def _shrunk(size: Size, scale: float) -> Size:
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
