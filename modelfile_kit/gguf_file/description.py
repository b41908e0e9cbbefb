"""What a GGUF says about itself, in the words people ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..core.diagnostics import Diagnostic
from .arrays import NumberArray, StringArray
from .header import Header
from .inputs import AUDIO, IMAGE, main_type, model_input, projector_input
from .metadata import Value
from .pairing import FileKind, classify, has_rope_sections, projection_width
from .sampling import sampling_defaults
from .soundness import check_soundness
from .split import split_of
from .vocabulary import Vocabulary

FILE_TYPES: Mapping[int, str] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}
"""`general.file_type` by number (llama.h, enum llama_ftype)."""


@dataclass(frozen=True)
class VocabularyFacts:
    """The vocabulary in short; tokens as (text, id) or None where there is none."""

    size: int
    model: str
    pre: str
    bos: tuple[str, int] | None
    eos: tuple[str, int] | None
    eot: tuple[str, int] | None
    add_bos: bool
    end_of_generation: tuple[tuple[str, int], ...]
    control_tokens: int
    chat_templates: Mapping[str, int]
    """Length in characters by name."""


@dataclass(frozen=True)
class ProjectorFacts:
    """The projector in short. width: numbers a token; image_size, patch_size: pixels.

    audio_type: of its part for sound, where it has a type of its own.
    """

    type: str
    audio_type: str
    width: int | None
    image_size: int | None
    patch_size: int | None
    layers: int | None
    sees: bool
    hears: bool


@dataclass(frozen=True)
class Description:
    """Facts of one file; None where the file does not say.

    input: what it takes, "text", "image" and "audio". file_size: in bytes; parameters: how many numbers the
    tensors of this file hold (of a split model, only this part's). sampling: the sampler settings that it
    brings along.
    """

    source: str
    kind: str
    name: str
    architecture: str
    input: tuple[str, ...]
    version: int
    byte_order: str
    file_size: int | None
    parameters: int
    file_type: str
    tensor_types: Mapping[str, int]
    context_length: int | None
    embedding_length: int | None
    layers: int | None
    heads: int | None
    rope_sections: bool
    split: tuple[int, int] | None
    vocabulary: VocabularyFacts | None
    projector: ProjectorFacts | None
    sampling: Mapping[str, int | float] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "diagnostics": [d.to_dict() for d in self.diagnostics]}


def describe(header: Header) -> Description:
    """The facts of a header, with findings about the file itself (parts, byte order).

    Raises GGUFError MK407 for a model with a broken vocabulary.
    """
    kind, metadata = classify(header), header.metadata
    split = split_of(header)
    vision = kind is FileKind.PROJECTOR
    own = ("audio." if projector_input(header) == (AUDIO,) else "vision.") if vision else ""
    return Description(
        source=header.source,
        kind=kind.value,
        name=metadata.text("general.name"),
        architecture=header.architecture,
        input=_input(header, kind),
        version=header.version,
        byte_order=header.byte_order,
        file_size=header.size,
        parameters=header.parameter_count,
        file_type=file_type(header),
        tensor_types=dict(Counter(t.type for t in header.tensors)),
        context_length=metadata.integer(header.own("context_length")),
        embedding_length=metadata.integer(header.own(f"{own}embedding_length")),
        layers=metadata.integer(header.own(f"{own}block_count")),
        heads=_largest(metadata.get(header.own(f"{own}attention.head_count"))),
        rope_sections=has_rope_sections(header),
        split=(split.number + 1, split.count) if split else None,
        vocabulary=_vocabulary(header) if kind is FileKind.MODEL else None,
        projector=_projector(header) if vision else None,
        sampling=sampling_defaults(header) if kind is FileKind.MODEL else {},
        diagnostics=tuple(check_soundness(header)),
    )


def _input(header: Header, kind: FileKind) -> tuple[str, ...]:
    if kind is FileKind.MODEL:
        return model_input(header)
    return projector_input(header) if kind is FileKind.PROJECTOR else ()


def _vocabulary(header: Header) -> VocabularyFacts | None:
    if not isinstance(header.metadata.get("tokenizer.ggml.tokens"), StringArray):
        return None
    vocabulary = Vocabulary.from_header(header)

    def token(token_id: int | None) -> tuple[str, int] | None:
        return None if token_id is None else (vocabulary.token(token_id), token_id)

    return VocabularyFacts(
        size=len(vocabulary),
        model=vocabulary.model,
        pre=vocabulary.pre,
        bos=token(vocabulary.bos_id),
        eos=token(vocabulary.eos_id),
        eot=token(vocabulary.eot_id),
        add_bos=vocabulary.add_bos,
        end_of_generation=tuple((vocabulary.token(i), i) for i in sorted(vocabulary.end_of_generation())),
        control_tokens=vocabulary.count_of("control"),
        chat_templates={name: len(text) for name, text in vocabulary.chat_templates.items()},
    )


def _projector(header: Header) -> ProjectorFacts:
    metadata, senses = header.metadata, projector_input(header)
    part = "audio" if senses == (AUDIO,) else "vision"
    return ProjectorFacts(
        type=main_type(header),
        width=projection_width(header),
        audio_type=metadata.text("clip.audio.projector_type"),
        image_size=metadata.integer("clip.vision.image_size"),
        patch_size=metadata.integer("clip.vision.patch_size"),
        layers=metadata.integer(f"clip.{part}.block_count"),
        sees=IMAGE in senses,
        hears=AUDIO in senses,
    )


def file_type(header: Header) -> str:
    """The name of a file's quantization (`general.file_type`), "" where it does not say."""
    number = header.metadata.integer("general.file_type")
    if number is None:
        return ""
    return FILE_TYPES.get(number, f"file type {number}")


def _largest(value: Value | None) -> int | None:
    """A number that some architectures give for each layer."""
    if isinstance(value, NumberArray):
        numbers = [n for n in value if isinstance(n, int)]
        return max(numbers, default=None)
    return value if isinstance(value, int) else None
