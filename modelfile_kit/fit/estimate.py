"""The memory of a model, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..gguf_file.header import Header
from ..gguf_file.tensors import TensorInfo
from .cache import attention_bytes, state_bytes
from .devices import Part, parts_of, tensors_on
from .forward import compute_bytes
from .projector import ProjectorMemory, projector_memory
from .settings import Settings
from .shape import Shape, shape_of
from .sources import Model


@dataclass(frozen=True)
class Device:
    """What one device holds, in bytes.

    layers: how many of the model's, the output counted as one more; weights: tensors; cache: keys and values
    of attention; states: of recurrent layers; compute: what one pass over the tokens needs; output: where
    the results are handed over; projector: weights and compute of the projector.
    """

    name: str
    layers: int
    weights: int
    cache: int
    states: int
    compute: int
    output: int
    projector: int = 0

    @property
    def total(self) -> int:
        """Everything on this device."""
        return self.weights + self.cache + self.states + self.compute + self.output + self.projector


@dataclass(frozen=True)
class Estimate:
    """What a model takes with these settings.

    devices: the CPU first; weights: bytes by tensor type; trained: the context that the model was trained
    with; unknown: why there are weights alone, "" where everything is computed; projector: of its own.
    """

    settings: Settings
    devices: tuple[Device, ...]
    weights: Mapping[str, int]
    trained: int | None
    unknown: str = ""
    projector: ProjectorMemory | None = None
    unsized: tuple[str, ...] = field(default=())
    """Tensor types whose size is not known; their tensors are not counted."""

    @property
    def total(self) -> int:
        """On all devices together."""
        return sum(device.total for device in self.devices)

    @property
    def largest(self) -> int:
        """Of the devices that `memory` is compared with: the GPUs, or the CPU where there are none."""
        return max(device.total for device in self.devices[1:] or self.devices)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, sizes in bytes."""
        return {
            "context": self.settings.context,
            "settings": asdict(self.settings),
            "trained_context": self.trained,
            "total": self.total,
            "weights_by_type": dict(self.weights),
            "devices": [{**asdict(device), "total": device.total} for device in self.devices],
            "projector": asdict(self.projector) if self.projector else None,
            "unknown": self.unknown,
        }


def estimate(model: Model, settings: Settings, projector: Header | None = None) -> Estimate:
    """Adds up a model's memory. model: the headers of all its parts (`sources.open_model`).

    Nothing of this machine goes into it. Of an architecture that is not known only the weights are counted.

    With the built-in micro model:

        >>> from pathlib import Path
        >>> from modelfile_kit.fit import Settings, estimate, open_model
        >>> from modelfile_kit.micro import build_pair
        >>> found = estimate(open_model(build_pair(Path("pair")).model), Settings(context=4096))
        >>> [device.name for device in found.devices], found.unknown
        (['CPU'], '')
    """
    shape = shape_of(model.header, model.tensors)
    return estimate_shape(shape, model.tensors, settings, projector)


def estimate_shape(
    shape: Shape, tensors: tuple[TensorInfo, ...], settings: Settings, projector: Header | None = None
) -> Estimate:
    """The same where the shape is known already, as in a search."""
    unknown = bool(shape.unknown)
    if unknown:
        settings = replace(settings, gpu_layers=0, split=(1.0,))
    parts = parts_of(shape, settings)
    devices = [_device(part, parts, shape, tensors, settings) for part in parts]
    seen = projector_memory(projector) if projector else None
    if seen:
        # It goes to the first GPU (clip.cpp), or to the CPU.
        place = 1 if len(devices) > 1 else 0
        devices[place] = replace(devices[place], projector=seen.weights + seen.compute)
    by_type = Counter[str]()
    for tensor in tensors:
        by_type[tensor.type] += tensor.size or 0
    return Estimate(
        settings=settings,
        devices=tuple(devices),
        weights=dict(by_type.most_common()),
        trained=shape.trained,
        unknown=shape.unknown,
        projector=seen,
        unsized=tuple(sorted({tensor.type for tensor in tensors if tensor.size is None})),
    )


def _device(
    part: Part, parts: tuple[Part, ...], shape: Shape, tensors: tuple[TensorInfo, ...], settings: Settings
) -> Device:
    unknown = bool(shape.unknown)
    held = tensors_on(part, shape, tensors, all_layers=unknown)
    weights = sum(tensor.size or 0 for tensor in held)
    if unknown:
        return Device(part.name, 0, weights, 0, 0, 0, 0)
    return Device(
        name=part.name,
        layers=len(part.layers) + part.output,
        weights=weights,
        cache=sum(attention_bytes(layer, shape, settings) for layer in part.layers),
        states=sum(state_bytes(layer, shape, settings) for layer in part.layers),
        compute=compute_bytes(shape, settings, part, copies=_copies(parts)),
        output=4 * shape.vocabulary * settings.slots if part.input else 0,
    )


def _copies(parts: tuple[Part, ...]) -> int:
    """How often inputs are held: where several GPUs have every layer, they work on four batches at once.

    Source: llama-context.cpp, pipeline_parallel; ggml-backend.cpp, GGML_SCHED_MAX_COPIES.
    """
    return 4 if len(parts) > 2 and not parts[0].layers and not parts[0].output else 1
