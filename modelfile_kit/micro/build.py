"""Writes the micro pair as GGUF files, whole or with one of the faults people really meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from .answers import END_OF_TURN, STYLES
from .attention import Shape
from .chat_template import CHAT_TEMPLATE
from .new_gguf import new_gguf
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
    with new_gguf(Path(path), shape.architecture, cut=fault == "truncated") as writer:
        writer.add_type("model")
        writer.add_name("micro GLM-4.1V" if shape.architecture == "glm4" else "micro llama")
        _write_shape(writer, shape, len(vocabulary))
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("glm4")
        writer.add_token_list(list(vocabulary.tokens))
        writer.add_token_types(list(vocabulary.types))
        writer.add_token_merges(list(vocabulary.merges))
        end = vocabulary.id_of("<|endoftext|>")
        for role in ("bos", "eos", "unk", "pad"):
            getattr(writer, f"add_{role}_token_id")(end)
        writer.add_eot_token_id(vocabulary.id_of(END_OF_TURN))
        template = CHAT_TEMPLATE if chat_template is None else chat_template
        if template:
            writer.add_chat_template(template)
        for name, weights in text_tensors(vocabulary, STYLES[style], shape).items():
            writer.add_tensor(name, weights)
    return Path(path)


def build_projector(path: Path, *, fault: str | None = None) -> Path:
    """Writes the projector alone. Faults of the model change nothing."""
    _check_choice("fault", fault, FAULTS)
    width = GLM.width * (2 if fault == "width" else 1)
    with new_gguf(Path(path), "clip", cut=fault == "truncated-projector") as writer:
        writer.add_type("mmproj")
        writer.add_name("micro GLM-4.1V")
        writer.add_file_type(0)  # all float32
        writer.add_clip_has_vision_encoder(True)
        writer.add_clip_projector_type("mlp" if fault == "projector-type" else "glm4v")
        writer.add_vision_projection_dim(width)
        writer.add_vision_image_size(PATCH * POSITIONS)
        writer.add_vision_patch_size(PATCH)
        writer.add_vision_embedding_length(WIDTH)
        writer.add_vision_feed_forward_length(HIDDEN)
        writer.add_vision_block_count(1)
        writer.add_vision_head_count(1)
        writer.add_vision_attention_layernorm_eps(1e-5)
        writer.add_vision_image_mean(list(IMAGE_MEAN))
        writer.add_vision_image_std(list(IMAGE_STD))
        writer.add_vision_use_silu(True)
        for name, weights in vision_tensors(width).items():
            writer.add_tensor(name, weights)
    return Path(path)


def _write_shape(writer: Any, shape: Shape, vocabulary_size: int) -> None:
    writer.add_file_type(0)  # all float32
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(NEURONS)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(shape.base)
    writer.add_rope_dimension_count(shape.rotated)
    if shape.sections:
        writer.add_rope_dimension_sections(list(shape.sections))
    writer.add_vocab_size(vocabulary_size)


def _check_choice(what: str, value: str | None, known: Mapping[str, object]) -> None:
    if value is not None and value not in known:
        raise UsageError(
            f"micro model: unknown {what} {value!r}", help=f"known {what}s are {', '.join(known)}"
        )
