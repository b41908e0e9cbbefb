"""The memory of a projector: its weights, and one pass over an image."""

from __future__ import annotations

from dataclasses import dataclass

from ..gguf_file.header import Header


@dataclass(frozen=True)
class ProjectorMemory:
    """In bytes. compute: for the image that llama.cpp reserves for."""

    weights: int
    compute: int


def projector_memory(header: Header) -> ProjectorMemory:
    """What a projector takes beside the model."""
    return ProjectorMemory(sum(tensor.size or 0 for tensor in header.tensors), 0)
