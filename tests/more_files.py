"""GGUF files beside a model: a LoRA adapter, a draft, and a model in another type."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np


def write_lora(
    path: Path,
    *,
    architecture: str = "glm4",
    tensor: str = "blk.0.attn_q.weight",
    width: int = 128,
    scale: float = 0.0,
    kind: str = "adapter",
) -> Path:
    """An adapter of rank 4 for one square tensor of the micro model; scale 0 changes nothing."""
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    writer.add_tensor(f"{tensor}.lora_a", np.full((4, width), scale, np.float32))
    writer.add_tensor(f"{tensor}.lora_b", np.full((width, 4), scale, np.float32))
    _finish(writer)
    return path


def write_f16(path: Path, model: Path, *, file_type: int = 1) -> Path:
    """The model with its matrices in F16, as converters write it."""
    reader = gguf.GGUFReader(str(model))
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(str(path), architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        inner = field.types[1] if len(field.types) > 1 else None
        writer.add_key_value(name, field.contents(), field.types[0], inner)
    writer.add_file_type(file_type)
    for tensor in reader.tensors:
        flat = len(tensor.shape) < 2
        writer.add_tensor(tensor.name, tensor.data if flat else tensor.data.astype(np.float16))
    _finish(writer)
    return path


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
