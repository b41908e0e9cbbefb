"""What a model, a projector or a pair takes as input: text, images, sound.

Vision may be inside the model's own file, as Ollama's converter writes it: tensors `v.*` and `mm.*`, keys
`<architecture>.vision.*`. Such a model needs no projector.
"""

from __future__ import annotations

from collections.abc import Mapping

from .header import Header
from .projector_types import SPEECH_TYPES, UNHEARD_TYPES, find_type

TEXT, IMAGE, AUDIO = "text", "image", "audio"

VISION_INSIDE: Mapping[str, tuple[int, int, int]] = {
    **dict.fromkeys(("gemma3", "mllama"), (0, 7, 0)),
    **dict.fromkeys(("llama4", "mistral3", "qwen25vl"), (0, 7, 0)),
    **dict.fromkeys(("qwen3vl", "qwen3vlmoe"), (0, 12, 7)),
    **dict.fromkeys(
        ("deepseekocr", "gemma4", "glmocr", "qwen35", "qwen35moe", "nemotron_h_omni"), (0, 30, 0)
    ),
}
"""Architectures whose vision Ollama runs out of the model's own file, and since when.

From 0.30 on: llm/llama_server.go, compatClipArches (the same twelve in 0.30.4, 0.31.0, 0.32.0, 0.33.0 and
0.34.4). Before: the folders of model/models in 0.9.6, 0.12.6, 0.17.4 and 0.24.0. `mllama` ended with 0.30.
These models need Ollama's own llama-server, so what they answer to an image was not tried here; creating
them and their capabilities were."""

ENDED_AT_0_30 = frozenset({"mllama"})
"""Of these, the ones that Ollama's own engine ran and llama-server does not."""


def projector_type(header: Header) -> str:
    """The vision projector's type, "" if it has none.

    A vision projector that names no type is one of the first LLaVAs: Ollama writes `mlp` into it
    (0.33, server/quantization.go, needsDefaultLlavaProjectorType).
    """
    metadata = header.metadata
    named = metadata.text("clip.projector_type") or metadata.text("clip.vision.projector_type")
    return named or ("mlp" if metadata.flag("clip.has_vision_encoder") else "")


def audio_type(header: Header) -> str:
    """The type of a projector's part for sound, "" if it has none."""
    metadata = header.metadata
    return metadata.text("clip.projector_type") or metadata.text("clip.audio.projector_type")


def main_type(header: Header) -> str:
    """The type to speak of: that for images, else that for sound."""
    return projector_type(header) or audio_type(header)


def vision_inside(header: Header) -> bool:
    """Whether a model has its vision part in its own file."""
    return any(t.name.startswith("v.") for t in header.tensors)


def audio_inside(header: Header) -> bool:
    """Whether a model has its part for sound in its own file."""
    return any(t.name.startswith("a.") for t in header.tensors)


def projector_input(header: Header) -> tuple[str, ...]:
    """What a projector turns into embeddings: "image", "audio", both or nothing.

    As llama.cpp decides: by `clip.has_vision_encoder` and `clip.has_audio_encoder`; sound of Gemma 3n is
    not used (clip.cpp, clip_init). Where a file has neither key, its type decides.
    """
    flags = {IMAGE: "clip.has_vision_encoder", AUDIO: "clip.has_audio_encoder"}
    said = {sense: header.metadata.flag(key) for sense, key in flags.items()}
    if main_type(header) in SPEECH_TYPES:
        return ()
    if said[IMAGE] is None and not said[AUDIO]:
        known = find_type(main_type(header))
        return known.senses if known and known.name not in UNHEARD_TYPES else ()
    unheard = projector_type(header) == "gemma3nv" or audio_type(header) in UNHEARD_TYPES
    unused = {AUDIO} if unheard else set()
    return tuple(sense for sense, has in said.items() if has and sense not in unused)


def model_input(model: Header, projector: Header | None = None) -> tuple[str, ...]:
    """What a model takes as input, with the projector if there is one: "text" first."""
    senses = set(projector_input(projector)) if projector else set()
    if vision_inside(model):
        senses.add(IMAGE)
    if audio_inside(model):
        senses.add(AUDIO)
    return (TEXT, *(sense for sense in (IMAGE, AUDIO) if sense in senses))
