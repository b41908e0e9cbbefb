"""Is a GGUF a model, a projector or an adapter, and do a model and a projector fit?"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GGUFError
from .arrays import NumberArray
from .header import Header
from .identity import stem
from .inputs import (
    AUDIO,
    IMAGE,
    VISION_INSIDE,
    audio_type,
    main_type,
    projector_input,
    projector_type,
    vision_inside,
)
from .projector_types import (
    ALWAYS_SEEING,
    AUDIO_TYPES,
    PROJECTOR_TYPES,
    ROPE_SECTIONS,
    SPEECH_TYPES,
    UNHEARD_TYPES,
    ProjectorType,
    find_type,
    types_for,
)
from .signs import signs, text_only
from .vocabulary import Vocabulary

_CONVERT = "make it with llama.cpp: convert_hf_to_gguf.py --mmproj <folder of the original model>"


class FileKind(enum.Enum):
    """What Ollama makes of a GGUF that comes by FROM."""

    MODEL = "model"
    PROJECTOR = "projector"
    ADAPTER = "adapter"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class KindRules:
    """How a release of Ollama tells projectors from models; the defaults are the newest one's.

    mmproj_type: `general.type` = `mmproj` alone makes a projector. blocks_decide: a file with `block_count`
    is a model even if it has `vision.block_count`.
    """

    mmproj_type: bool = True
    blocks_decide: bool = True


NEWEST_RULES = KindRules()


def classify(header: Header, rules: KindRules = NEWEST_RULES) -> FileKind:
    """What Ollama takes a file for (server/create.go, ggufLayers and isProjectorGGUF).

    rules: of the release that is meant; `ollama.projectors.kind_on` has them for a target.
    """
    metadata = header.metadata
    kind = metadata.text("general.type")
    if kind == "adapter":
        return FileKind.ADAPTER
    if kind == "projector" or (kind == "mmproj" and rules.mmproj_type):
        return FileKind.PROJECTOR
    if not rules.blocks_decide:
        sees = header.own("vision.block_count") in metadata
        return FileKind.PROJECTOR if sees else FileKind.MODEL
    if not _uint32(header, "block_count"):
        encoder = any(metadata.flag(header.own(f"has_{what}_encoder")) for what in ("vision", "audio"))
        clip = rules.mmproj_type and header.architecture == "clip" and encoder
        if _uint32(header, "vision.block_count") or clip:
            return FileKind.PROJECTOR
    return FileKind.MODEL


def check_together(headers: Sequence[Header]) -> tuple[Diagnostic, ...] | None:
    """What is wrong with a model and the projectors that were given with it.

    headers: of any files. None where they are not one model and at least one projector.
    """
    models = [h for h in headers if classify(h) is FileKind.MODEL]
    projectors = [h for h in headers if classify(h) is FileKind.PROJECTOR]
    if len(models) != 1 or not projectors:
        return None
    return tuple(d for p in projectors for d in check_pair(models[0], p))


def projection_width(header: Header) -> int | None:
    """How wide a projector's output is: what llama.cpp compares with the model's width.

    From the tensor that llama.cpp asks, else from `clip.vision.projection_dim` (of a projector for sound
    alone, `clip.audio.projection_dim`).
    """
    if IMAGE in projector_input(header) or AUDIO not in projector_input(header):
        return _width(header, projector_type(header), "vision")
    return _audio_width(header)


def _audio_width(header: Header) -> int | None:
    return _width(header, audio_type(header), "audio")


def _width(header: Header, kind: str, part: str) -> int | None:
    known = AUDIO_TYPES.get(kind) if part == "audio" else PROJECTOR_TYPES.get(kind)
    if known and known.width_tensor:
        shape = next((t.shape for t in header.tensors if t.name == known.width_tensor), ())
        if known.width_axis < len(shape):
            layers = {t.name.split(".")[2] for t in header.tensors if t.name.startswith("v.deepstack.")}
            return shape[known.width_axis] * (1 + len(layers) if part == "vision" else 1)
    width = header.metadata.integer(f"clip.{part}.projection_dim")
    if width is not None and kind == "granite4_vision":  # one projection for each layer that is looked at
        layers_used = header.metadata.get("clip.vision.feature_layer")
        return width * (len(layers_used) if isinstance(layers_used, NumberArray) else 1)
    return width


def input_width(header: Header) -> int | None:
    """How wide a model expects image embeddings: its own width, and that of each deepstack layer."""
    width = header.metadata.integer(header.own("embedding_length"))
    layers = header.metadata.integer(header.own("n_deepstack_layers")) or 0
    mapping = header.metadata.get(header.own("deepstack_mapping"))
    if isinstance(mapping, NumberArray):  # Granite 4 Vision
        layers = len({n for n in mapping if n >= 0})
    return width * (1 + layers) if width is not None else None


def has_rope_sections(header: Header) -> bool:
    """Whether a model has M-RoPE sections as llama.cpp wants them (use_mrope in llama-hparams.cpp)."""
    sections = header.metadata.get(header.own("rope.dimension_sections"))
    if not isinstance(sections, NumberArray) or len(sections) < 2:
        return False
    return bool(sections[0] > 0 and sections[1] > 0)


def check_pair(model: Header, projector: Header | None) -> list[Diagnostic]:
    """What would go wrong with an image or a sound, by what the two headers say; empty if nothing would.

    An error is what the engine certainly refuses; a pair that is only unusual is a warning at most.
    projector: None if there is none; then an error says so where the model is certainly a vision model, a
    warning where only its chat template knows images, and nothing where it is a text model or has its
    vision in its own file.
    """
    wrong = _wrong_kinds(model, projector)
    if wrong:
        return wrong
    if projector is None:
        return _missing(model)
    found = [*_check_input(projector), *_check_types(model, projector), *_check_width(model, projector)]
    if IMAGE in projector_input(projector):
        found += _check_sections(model)
    return [*found, *_check_tokens(model, projector)]


def _wrong_kinds(model: Header, projector: Header | None) -> list[Diagnostic]:
    first, second = classify(model), classify(projector) if projector else None
    if first is FileKind.PROJECTOR and second is FileKind.MODEL:
        advice = f"swap them: the model is {_name(projector)}, the projector {_name(model)}"
        return [_error("MK415", model, "model and projector are swapped", advice)]
    if first is not FileKind.MODEL:
        advice = "give the text model's GGUF as the model"
        if first is FileKind.PROJECTOR:
            advice += "; this file goes into `projector:` (a second FROM)"
        return [_error("MK433", model, f"this is {_article(first)}, not a model", advice)]
    if projector is not None and second is not FileKind.PROJECTOR:
        kind = "another model" if second is FileKind.MODEL else "an adapter"
        advice = f"give the projector, usually called {usual_name(model)}; {_CONVERT}"
        return [_error("MK415", projector, f"this is {kind}, not a projector", advice)]
    return []


def _missing(model: Header) -> list[Diagnostic]:
    if vision_inside(model):
        return _check_vision_inside(model)
    if model.architecture == "chatglm":
        return [_no_projector_exists(model)] if template_takes_images(model) else []
    certain = has_rope_sections(model) or model.architecture in ALWAYS_SEEING
    why = _why_more(model)
    if not certain and not why:
        return []
    severity = Severity.ERROR if certain else Severity.WARNING
    message = "vision model without a projector (mmproj): images will not work"
    if not certain:
        message = why
    found = [Diagnostic("MK436", severity, message, Span(model.source), missing_advice(model))]
    return [*found, *(_check_sections(model) if not certain else [])]


def _why_more(model: Header) -> str:
    """Why a model that may be a text model is taken for more, with what does not work; "" for no reason."""
    if text_only(model):
        return ""
    found = signs(model)
    if not found and not template_takes_images(model):
        return ""
    senses = {sign.sense for sign in found} or {IMAGE}
    lost = "images" if senses == {IMAGE} else "sound" if senses == {AUDIO} else "images and sound"
    if not found:
        return "the chat template takes images, but there is no projector (mmproj): images will not work"
    kind = "a vision model" if IMAGE in senses else "an audio model"
    return f"{kind} ({found[0].why}) without a projector (mmproj): {lost} will not work"


def made_for_more_than_text(model: Header) -> bool:
    """Whether a model was made for images or sound, by its metadata, its chat template, tokens or name."""
    if has_rope_sections(model) or model.architecture in ALWAYS_SEEING:
        return True
    return bool(_why_more(model))


def missing_advice(model: Header) -> str:
    """What to do where a model lacks its projector."""
    return (
        f"put the projector beside the model (hubs call it {usual_name(model)}, -BF16 or -Q8_0), "
        f"{_CONVERT}, or package the text part alone with `projector: none`"
    )


def _check_vision_inside(model: Header) -> list[Diagnostic]:
    if model.architecture in VISION_INSIDE:
        return []
    message = (
        "the model's file has a vision part (tensors v.*), and Ollama runs such files of other "
        f"architectures only: {model.architecture!r} is not among {', '.join(sorted(VISION_INSIDE))}"
    )
    advice = f"use a text model with its projector instead; {_CONVERT}"
    return [Diagnostic("MK425", Severity.WARNING, message, Span(model.source), advice)]


def _check_input(projector: Header) -> list[Diagnostic]:
    kind = main_type(projector)
    advice = "give the projector for images or sound of this model, usually called mmproj-….gguf"
    if kind in SPEECH_TYPES:
        message = f"this projector (type {kind!r}) only generates speech: a chat cannot use it"
        return [_error("MK421", projector, message, advice)]
    if not kind:
        return [_error("MK421", projector, "this is a projector without a type", advice)]
    if kind in UNHEARD_TYPES:
        message = f"llama.cpp cannot use projector type {kind!r}, and this projector has nothing else"
        return [_error("MK421", projector, message, "give the projector that has the vision part too")]
    if not projector_input(projector) and find_type(kind) is not None:
        message = f"this projector (type {kind!r}) has neither a vision nor an audio encoder"
        return [_error("MK421", projector, message, advice)]
    return []


def _check_types(model: Header, projector: Header) -> list[Diagnostic]:
    """Each part of the projector: is its type known, made for this architecture, and whole?"""
    senses = projector_input(projector)
    names = [projector_type(projector)] if IMAGE in senses else []
    names += [audio_type(projector)] if AUDIO in senses else []
    found: list[Diagnostic] = []
    for name in dict.fromkeys(names or [main_type(projector)]):
        known = find_type(name)
        if known is not None:
            found += [*_check_architecture(model, projector, known), *_check_tensors(model, projector, known)]
        elif name and name not in SPEECH_TYPES:
            message = f"projector type {name!r} is unknown to modelfile-kit (llama.cpp of August 2026)"
            advice = "if it is newer, try it with `mkmodelfile check`; otherwise convert the projector again"
            found.append(Diagnostic("MK416", Severity.WARNING, message, Span(projector.source), advice))
    return found


def _check_architecture(model: Header, projector: Header, known: ProjectorType) -> list[Diagnostic]:
    architecture = model.architecture
    if architecture in known.architectures or not known.architectures:
        return []
    if architecture == "chatglm":
        return [_no_projector_exists(model)]
    own = [t.name for t in types_for(architecture)]
    if known.generic and all(t.generic for t in types_for(architecture)):
        return []
    goes = f"goes with {' or '.join(repr(n) for n in own)}" if own else "has no projector type of its own"
    message = (
        f"projector type {known.name!r} is made for {_listed(known.architectures)}, the model is "
        f"{architecture!r}, which {goes}"
    )
    advice = f"give the model's own projector, usually called {usual_name(model)}; {_CONVERT}"
    return [Diagnostic("MK411", Severity.WARNING, message, Span(projector.source), advice)]


def _check_tensors(model: Header, projector: Header, known: ProjectorType) -> list[Diagnostic]:
    if not known.width_tensor or not projector.tensors or known.width_tensor in projector.tensor_names:
        return []
    if known.name == "mlp" and "mm.3.bias" in projector.tensor_names:  # Yi's variant
        return []
    if known.name == "qwen2.5o" and IMAGE not in projector_input(projector):  # its part for sound alone
        return []
    message = (
        f"the projector's type is {known.name!r}, but that type's tensor {known.width_tensor} is missing; "
        "llama.cpp crashes or refuses it"
    )
    advice = f"download the projector of exactly this model ({usual_name(model)}) again, or {_CONVERT}"
    return [_error("MK417", projector, message, advice)]


def _check_width(model: Header, projector: Header) -> list[Diagnostic]:
    wide, wanted = projection_width(projector), input_width(model)
    advice = f"give the projector of exactly this model, usually called {usual_name(model)}; {_CONVERT}"
    if {IMAGE, AUDIO} <= set(projector_input(projector)):
        sound = _audio_width(projector)
        if wide is not None and sound is not None and wide != sound:
            message = (
                f"the projector's parts for images and for sound have different widths ({wide:,} and "
                f"{sound:,}); llama.cpp refuses it"
            )
            return [_error("MK412", projector, message, advice)]
    if wide is None or wanted is None or wide == wanted:
        return []
    message = (
        f"width mismatch: the model expects {wanted:,}, the projector outputs {wide:,}; it was made "
        "for another model"
    )
    return [_error("MK412", projector, message, advice)]


def _check_sections(model: Header) -> list[Diagnostic]:
    if ROPE_SECTIONS.get(model.architecture) != "image" or has_rope_sections(model):
        return []
    message = (
        f"the model has no {model.own('rope.dimension_sections')}: it was converted before llama.cpp "
        "supported its vision (December 2025), and the engine aborts at the first image"
    )
    advice = (
        "download a newer conversion, or convert the text model again with a current "
        "convert_hf_to_gguf.py; adding the key is not enough, the weights are arranged differently"
    )
    return [_error("MK413", model, message, advice)]


def _check_tokens(model: Header, projector: Header) -> list[Diagnostic]:
    """What llama.cpp writes around an image or a sound: does the vocabulary have it as tokens?"""
    senses = projector_input(projector)
    eye = PROJECTOR_TYPES.get(projector_type(projector)) if IMAGE in senses else None
    # clip.cpp takes the old type of Qwen2.5-Omni apart: its ear is Qwen2-Audio's
    heard = {"qwen2.5o": "qwen2a"}.get(audio_type(projector), audio_type(projector))
    ear = AUDIO_TYPES.get(heard) if AUDIO in senses else None
    types = [t for t in (eye, ear) if t is not None and (t.marks or t.needed or t.needed_large)]
    if not types:
        return []
    try:
        vocabulary = Vocabulary.from_header(model)
    except GGUFError as e:
        return [e.to_diagnostic()]
    return [
        d for t in types for d in (*_check_marks(model, vocabulary, t), *_check_needed(model, vocabulary, t))
    ]


_WRONG_MODEL = "give the model that the projector was made for; this one is text-only or wrongly converted"


def _check_marks(model: Header, vocabulary: Vocabulary, known: ProjectorType) -> list[Diagnostic]:
    others = known.other_marks
    marks = others if others and vocabulary.has_piece(others[0]) else known.marks
    missing = vocabulary.missing(marks)
    if not missing or (known.architectures and model.architecture not in known.architectures):
        return []
    are = "is not a special token" if len(missing) == 1 else "are not special tokens"
    what = "an image" if IMAGE in known.senses else "a sound"
    message = (
        f"llama.cpp puts {' and '.join(marks)} around {what}, but "
        f"{' and '.join(missing)} {are} of this model's vocabulary"
    )
    return [Diagnostic("MK414", Severity.WARNING, message, Span(model.source), _WRONG_MODEL)]


def _check_needed(model: Header, vocabulary: Vocabulary, known: ProjectorType) -> list[Diagnostic]:
    """What the server refuses images for, whatever the architecture. A warning: texts are answered."""
    for texts, which in (
        (known.needed, "every image"),
        (known.needed_large, "every image that it cuts into parts (large ones)"),
    ):
        missing = [text for text in texts if not vocabulary.has_piece(text)]
        if missing:
            shown = " and ".join(repr(t) if t.isspace() else t for t in missing)
            if len(missing) == 1:
                what, lacks = "a token", "it is not a token"
            else:
                what, lacks = "tokens", "they are not tokens"
            message = (
                f"with projector type {known.name!r} llama.cpp writes {shown} as {what} with {which}, and "
                f"{lacks} of this model's vocabulary: the server will refuse such images "
                '("Invalid token", HTTP 400)'
            )
            return [Diagnostic("MK409", Severity.WARNING, message, Span(model.source), _WRONG_MODEL)]
    return []


def _no_projector_exists(model: Header) -> Diagnostic:
    return Diagnostic(
        "MK418",
        Severity.WARNING,
        "llama.cpp has no projector for GLM-4V-9B (architecture chatglm): it converts the text part only, "
        "so images will not work",
        Span(model.source),
        "package the text part alone with `projector: none`, or use GLM-4.1V-9B (architecture glm4), which "
        "llama.cpp supports with its projector",
    )


def template_takes_images(model: Header) -> bool:
    """Whether one of a model's chat templates mentions images."""
    return any(
        "image" in model.metadata.text(key)
        for key in model.metadata
        if key.startswith("tokenizer.chat_template")
    )


def _uint32(header: Header, key: str) -> int:
    """An integer as Ollama reads it: only a uint32 counts."""
    key = header.own(key)
    if key not in header.metadata or header.metadata.type_of(key) != "uint32":
        return 0
    return header.metadata.integer(key) or 0


def _name(header: Header | None) -> str:
    source = header.source if header else ""
    path = unquote(urlsplit(source).path) if source.startswith(("http://", "https://")) else source
    return PurePath(path).name


def usual_name(model: Header) -> str:
    """What hubs call the projector of a model."""
    return f"mmproj-{stem(_name(model)) or 'model'}-F16.gguf"


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(repr(n) for n in names) or "no architecture that is known"


def _article(kind: FileKind) -> str:
    return f"{'an' if kind is FileKind.ADAPTER else 'a'} {kind}"


def _error(code: str, header: Header, message: str, advice: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, Span(header.source), advice)
