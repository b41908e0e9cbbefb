"""Writes the micro pair as GGUF files, whole or with one of the faults people really meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..core.files import write_atomically
from ..gguf_file.encode import Value
from ..gguf_file.float_tensor import FloatTensor
from ..gguf_file.new_file import new_gguf
from .answers import END_OF_TURN, STYLES
from .attention import Shape
from .chat_template import CHAT_TEMPLATE
from .text_model import GLM, GLM_WITHOUT_SECTIONS, LLAMA, NEURONS, text_tensors
from .tokens import build_vocabulary
from .vision_encoder import HIDDEN, IMAGE_MEAN, IMAGE_STD, PATCH, POSITIONS, WIDTH, vision_tensors

MODEL_NAME = "micro-glm4v.gguf"
PROJECTOR_NAME = "mmproj-micro-glm4v.gguf"

FAULTS: Mapping[str, str] = {
    "width": "the projector was made for a model of another embedding width",
    "projector-type": "the projector claims to be of another type (mlp) than its tensors are",
    "no-rope-sections": "the model was converted before vision support: no M-RoPE sections",
    "no-projector": "there is no projector",
    "truncated": "the model's file ends early, as after a broken download",
    "truncated-projector": "the projector's file ends early",
    "text-llama": "the model is a text-only one of architecture llama, and there is no projector",
}
"""The faults `build_pair` can write, by name, with what they stand for."""

_WITHOUT_PROJECTOR = ("no-projector", "text-llama")
_ALL_FLOAT32 = 0  # of `general.file_type`


@dataclass(frozen=True)
class MicroPair:
    """The written files; `projector` is None where the fault is that there is none."""

    model: Path
    projector: Path | None


def build_pair(
    folder: Path,
    *,
    fault: str | None = None,
    style: str = "plain",
    chat_template: str | None = None,
    extra_tokens: Iterable[str] = (),
) -> MicroPair:
    """Writes `micro-glm4v.gguf` and `mmproj-micro-glm4v.gguf` into `folder` (made if it does not exist).

    fault: one of `FAULTS`, None for a sound pair.
    style: how it answers, "plain" ("red") or "think" ("<think>…</think><answer>red</answer>").
    chat_template: Jinja to put into the model instead of its own; "" for none.
    extra_tokens: further control tokens, for templates of other families.

    Each file appears whole or not at all. Raises UsageError for an unknown fault or style.
    """
    _check_choice("fault", fault, FAULTS)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = build_model(
        folder / MODEL_NAME, fault=fault, style=style, chat_template=chat_template, extra_tokens=extra_tokens
    )
    if fault in _WITHOUT_PROJECTOR:
        return MicroPair(model, None)
    return MicroPair(model, build_projector(folder / PROJECTOR_NAME, fault=fault))


def build_model(
    path: Path,
    *,
    fault: str | None = None,
    style: str = "plain",
    chat_template: str | None = None,
    extra_tokens: Iterable[str] = (),
) -> Path:
    """Writes the text model alone; arguments as for `build_pair`. Faults of the projector change nothing."""
    _check_choice("fault", fault, FAULTS)
    _check_choice("style", style, STYLES)
    shape = {"text-llama": LLAMA, "no-rope-sections": GLM_WITHOUT_SECTIONS}.get(fault or "", GLM)
    vocabulary = build_vocabulary(extra_tokens)
    end = vocabulary.id_of("<|endoftext|>")
    keys: dict[str, Value] = {
        "general.type": "model",
        "general.name": "micro GLM-4.1V" if shape.architecture == "glm4" else "micro llama",
        **_shape_keys(shape, len(vocabulary)),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "glm4",
        "tokenizer.ggml.tokens": vocabulary.tokens,
        "tokenizer.ggml.token_type": vocabulary.types,
        "tokenizer.ggml.merges": vocabulary.merges,
        **{f"tokenizer.ggml.{role}_token_id": end for role in ("bos", "eos", "unknown", "padding")},
        "tokenizer.ggml.eot_token_id": vocabulary.id_of(END_OF_TURN),
    }
    template = CHAT_TEMPLATE if chat_template is None else chat_template
    if template:
        keys["tokenizer.chat_template"] = template
    tensors = text_tensors(vocabulary, STYLES[style], shape)
    return _write(Path(path), shape.architecture, keys, tensors, cut=fault == "truncated")


def build_projector(path: Path, *, fault: str | None = None) -> Path:
    """Writes the projector alone. Faults of the model change nothing."""
    _check_choice("fault", fault, FAULTS)
    width = GLM.width * (2 if fault == "width" else 1)
    keys: dict[str, Value] = {
        "general.type": "mmproj",
        "general.name": "micro GLM-4.1V",
        "general.file_type": _ALL_FLOAT32,
        "clip.has_vision_encoder": True,
        "clip.projector_type": "mlp" if fault == "projector-type" else "glm4v",
        "clip.vision.projection_dim": width,
        "clip.vision.image_size": PATCH * POSITIONS,
        "clip.vision.patch_size": PATCH,
        "clip.vision.embedding_length": WIDTH,
        "clip.vision.feed_forward_length": HIDDEN,
        "clip.vision.block_count": 1,
        "clip.vision.attention.head_count": 1,
        "clip.vision.attention.layer_norm_epsilon": 1e-5,
        "clip.vision.image_mean": IMAGE_MEAN,
        "clip.vision.image_std": IMAGE_STD,
        "clip.use_silu": True,
    }
    return _write(Path(path), "clip", keys, vision_tensors(width), cut=fault == "truncated-projector")


def _shape_keys(shape: Shape, vocabulary_size: int) -> dict[str, Value]:
    keys: dict[str, Value] = {
        "block_count": shape.layers,
        "context_length": shape.context,
        "embedding_length": shape.width,
        "feed_forward_length": NEURONS,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.heads,
        "attention.key_length": shape.head_size,
        "attention.value_length": shape.head_size,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": shape.base,
        "rope.dimension_count": shape.rotated,
    }
    if shape.sections:
        keys["rope.dimension_sections"] = shape.sections
    keys["vocab_size"] = vocabulary_size
    own = {f"{shape.architecture}.{key}": value for key, value in keys.items()}
    return {"general.file_type": _ALL_FLOAT32, **own}


def _write(
    path: Path, architecture: str, keys: Mapping[str, Value], tensors: Mapping[str, FloatTensor], *, cut: bool
) -> Path:
    """cut: drop the last third of the file, the fault "truncated"."""
    data = new_gguf(architecture, keys, tensors)
    write_atomically(path, data[: len(data) * 2 // 3] if cut else data)
    return path


def _check_choice(what: str, value: str | None, known: Mapping[str, object]) -> None:
    if value is not None and value not in known:
        raise UsageError(
            f"micro model: unknown {what} {value!r}", help=f"known {what}s are {', '.join(known)}"
        )
