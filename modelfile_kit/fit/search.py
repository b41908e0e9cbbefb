"""What fits: the longest context, and the most layers on the GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..gguf_file.header import Header
from ..gguf_file.tensors import TensorInfo
from .estimate import Estimate, estimate_shape
from .quantization import TYPES, quantized
from .settings import Settings
from .shape import Shape

STEP = 256
"""llama.cpp rounds a context up to this."""

UNBOUNDED = 1 << 20
"""Tokens looked at where the file does not say with how many the model was trained."""


def fits(found: Estimate, memory: tuple[int, ...]) -> bool:
    """Whether each device stays within its memory.

    memory: bytes of each GPU, or of the CPU where the settings use no GPU; one value counts for each.
    """
    devices = found.devices[1:] or found.devices
    limits = memory * len(devices) if len(memory) == 1 else memory
    return all(device.total <= limit for device, limit in zip(devices, limits, strict=False))


def largest_context(
    shape: Shape,
    tensors: tuple[TensorInfo, ...],
    settings: Settings,
    memory: tuple[int, ...],
    projector: Header | None = None,
) -> int | None:
    """The longest context that fits, at most the trained one; 0 if none does, None if it is not known."""
    if shape.unknown:
        return None
    limit = min(shape.trained or UNBOUNDED, UNBOUNDED * 16)

    def good(steps: int) -> bool:
        tried = replace(settings, context=min(steps * STEP, limit))
        return fits(estimate_shape(shape, tensors, tried, projector), memory)

    steps = _most(-(-limit // STEP), good)
    return min(steps * STEP, limit)


@dataclass(frozen=True)
class Smaller:
    """A smaller quantization of a model: its name, what it needs, and whether that fits."""

    name: str
    found: Estimate
    fits: bool


def smaller_quantization(
    shape: Shape,
    tensors: tuple[TensorInfo, ...],
    settings: Settings,
    memory: tuple[int, ...],
    projector: Header | None = None,
) -> Smaller | None:
    """The largest quantization below the model's own that fits, else the smallest; None for none below."""
    found = None
    size = sum(tensor.size or 0 for tensor in tensors)
    for name in TYPES:
        other = quantized(tensors, shape, name)
        if sum(tensor.size or 0 for tensor in other) >= size:
            continue
        estimated = estimate_shape(shape, other, settings, projector)
        found = Smaller(name, estimated, fits(estimated, memory))
        if found.fits:
            break
    return found


def most_layers(
    shape: Shape,
    tensors: tuple[TensorInfo, ...],
    settings: Settings,
    memory: tuple[int, ...],
    projector: Header | None = None,
) -> int | None:
    """How many layers fit on the GPUs, the output counted as one more (as -ngl counts); None if not known."""
    if shape.unknown:
        return None

    def good(layers: int) -> bool:
        found = estimate_shape(shape, tensors, replace(settings, gpu_layers=layers), projector)
        return fits(found, memory)

    return _most(len(shape.layers) + 1, good)


def _most(limit: int, good: Callable[[int], bool]) -> int:
    """The largest number up to the limit that is good, where all smaller ones are good too; 0 for none."""
    low, high = 0, max(limit, 0)
    while low < high:
        middle = (low + high + 1) // 2
        if good(middle):
            low = middle
        else:
            high = middle - 1
    return low
