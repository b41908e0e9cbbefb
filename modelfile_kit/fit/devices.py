"""Which layers and tensors lie on which device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..gguf_file.tensors import LAYER, TensorInfo
from .settings import Settings
from .shape import Layer, Shape

CPU = "CPU"
_INPUTS = re.compile(r"(token_embd(_norm)?|position_embd|token_types|per_layer_token_embd)\.")
"""They are looked up, not multiplied, and stay on the CPU (llama-arch.cpp, LLM_TENSOR_LAYER_INPUT)."""


@dataclass(frozen=True)
class Part:
    """What one device has. layers: of the model, in order; input: whether it has the embeddings; output:
    whether it computes the output."""

    name: str
    layers: tuple[Layer, ...]
    numbers: frozenset[int]
    input: bool
    output: bool


def parts_of(shape: Shape, settings: Settings) -> tuple[Part, ...]:
    """The CPU first, then the GPUs, also those that get nothing.

    Source: llama-model.cpp, load_tensors (October 2026): the last layers go to the GPUs, the output with
    them; several GPUs take them by their shares.
    """
    count = len(shape.layers)
    place = [_device(n, count, settings) for n in range(count + 1)]
    names = [CPU, *(f"GPU {n}" for n in range(len(settings.split)))] if settings.gpu_layers else [CPU]
    return tuple(
        Part(
            name,
            tuple(layer for n, layer in enumerate(shape.layers) if place[n] == device),
            frozenset(n for n in range(count) if place[n] == device),
            input=device == 0,
            output=place[count] == device,
        )
        for device, name in enumerate(names)
    )


def _device(number: int, count: int, settings: Settings) -> int:
    """0 for the CPU, 1 for the first GPU, of a layer or (number == count) of the output."""
    on_gpu = min(settings.gpu_layers, count + 1)
    first = count + 1 - on_gpu
    if number < first or not on_gpu:
        return 0
    share = (number - first) / on_gpu
    total, reached = sum(settings.split), 0.0
    for device, part in enumerate(settings.split, 1):
        reached += part
        if share < reached / total:
            return device
    return len(settings.split)


def tensors_on(
    part: Part, shape: Shape, tensors: tuple[TensorInfo, ...], *, all_layers: bool
) -> Iterator[TensorInfo]:
    """The tensors that a device holds.

    Embeddings that serve as the output too lie on both devices, if those are two. Layers that are there for
    drafting alone (`nextn_predict_layers`) are not loaded. all_layers: of an unknown shape everything is on
    the CPU.
    """
    for tensor in tensors:
        if all_layers:
            yield tensor
        elif found := LAYER.match(tensor.name):
            if int(found[1]) in part.numbers:
                yield tensor
        elif _INPUTS.match(tensor.name):
            if part.input or (part.output and shape.tied and tensor.name == "token_embd.weight"):
                yield tensor
        elif tensor.name.startswith("rope_"):
            # Every layer looks them up: each device has them.
            if part.layers:
                yield tensor
        elif part.output:
            yield tensor
