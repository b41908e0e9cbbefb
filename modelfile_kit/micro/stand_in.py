"""A micro model of the shape of a real one, so that a package can be tried without its gigabytes.

What decides a prompt is as in the real model: architecture, kind of vocabulary, special tokens and their
roles, who adds BOS, chat template, type of the projector, number of parts. Texts that are no special tokens
fall into letters, and no weight is trained. The model answers `StandIn.reply`, or the colour of the image
where the prompt has one, and then ends its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.files import write_atomically
from ..gguf_file.float_tensor import FloatTensor
from ..gguf_file.new_file import new_gguf
from .answers import COLOURS
from .plain_text_model import architecture_keys, plain_tensors
from .projectors import projector_keys, projector_tensors
from .sentencepiece import build_sentencepiece
from .tokens import MicroVocabulary, build_vocabulary

ID = "_token_id"
"""How the keys of special tokens end: `bos_token_id` says which token is BOS."""

_PART = "-{:05d}-of-{:05d}.gguf"
_TYPES = {"split.no": "uint16", "split.count": "uint16", "split.tensors.count": "int32"}


@dataclass(frozen=True)
class StandIn:
    """What a micro model shares with the model that it stands in for.

    tokenizer: the keys of `tokenizer.ggml.`, without their prefix; special tokens by text, not by id.
    control, user_defined: special tokens by their type, in the order of the vocabulary.
    m_rope: whether the model has `rope.dimension_sections`, as those have that see images in place.
    projector: its `clip.projector_type`, "" for none; senses: what it takes, "vision" and "audio".
    parts: in how many files the model is. reply: the tokens of an answer, before the one that ends the turn.
    file_type: what the header says of the quantization (`general.file_type`), None for nothing.
    """

    name: str
    architecture: str
    tokenizer: Mapping[str, str | bool | int | float]
    control: tuple[str, ...]
    user_defined: tuple[str, ...] = ()
    chat_template: str = ""
    context_length: int = 8192
    m_rope: bool = False
    projector: str = ""
    senses: tuple[str, ...] = ("vision",)
    parts: int = 1
    reply: tuple[str, ...] = ("Hello",)
    file_type: int | None = None
    source: str = field(default="the stand-in", compare=False)


def build_stand_in(stand_in: StandIn, model: Path, projector: Path | None = None) -> None:
    """Writes the model, all its parts, and the projector where it has one and `projector` is given.

    model: the file; of a split model its first part, whose name must end with -00001-of-0000N.gguf.
    Each file appears whole or not at all. Raises UsageError for what a micro model cannot have.
    """
    vocabulary = _vocabulary(stand_in)
    keys = _metadata(stand_in, vocabulary)
    tensors = plain_tensors(
        stand_in.architecture,
        len(vocabulary),
        [vocabulary.id_of(text) for text in stand_in.reply],
        _end(stand_in, vocabulary),
        {word: vocabulary.id_of(word) for word in COLOURS},
    )
    for folder in {model.parent, *([projector.parent] if projector else [])}:
        folder.mkdir(parents=True, exist_ok=True)
    files = _part_files(model, stand_in.parts)
    for number, path in enumerate(files):
        split: dict[str, Any] = {}
        if len(files) > 1:
            split = {"split.no": number, "split.count": len(files), "split.tensors.count": len(tensors)}
        mine = dict(list(tensors.items())[number :: len(files)])
        _write(path, stand_in.architecture, {**(keys if number == 0 else {}), **split}, mine)
    if stand_in.projector and projector is not None:
        own = {"general.type": "mmproj", "general.name": stand_in.name}
        own |= projector_keys(stand_in.projector, stand_in.senses)
        _write(projector, "clip", own, projector_tensors(stand_in.projector))


def _part_files(model: Path, parts: int) -> list[Path]:
    if parts == 1:
        return [model]
    ending = _PART.format(1, parts)
    if not model.name.endswith(ending):
        raise UsageError(
            f"a model in {parts} parts is named after its first one, NAME{ending}; found {model.name}",
            help="write the first part's name as the package's `model:`",
        )
    stem = model.name.removesuffix(ending)
    return [model.with_name(stem + _PART.format(n + 1, parts)) for n in range(parts)]


def _vocabulary(stand_in: StandIn) -> MicroVocabulary:
    kind = stand_in.tokenizer.get("model")
    builder = _VOCABULARIES.get(str(kind))
    if builder is None:
        known = " and ".join(_VOCABULARIES)
        raise UsageError(
            f"{stand_in.source}: no micro vocabulary for `tokenizer: model: {kind}`",
            help=f"kinds that can be made are {known}; test this package with its own model",
        )
    return builder(stand_in)


def _byte_level(stand_in: StandIn) -> MicroVocabulary:
    return build_vocabulary(
        control=stand_in.control,
        user_defined=stand_in.user_defined,
        words=[t for t in stand_in.reply if t not in stand_in.control],
    )


def _sentencepiece(stand_in: StandIn) -> MicroVocabulary:
    return build_sentencepiece(
        unknown=str(stand_in.tokenizer.get("unknown_token_id", "<unk>")),
        control=stand_in.control,
        user_defined=stand_in.user_defined,
        words=stand_in.reply,
    )


_VOCABULARIES: Mapping[str, Callable[[StandIn], MicroVocabulary]] = {
    "gpt2": _byte_level,
    "llama": _sentencepiece,
}


def _end(stand_in: StandIn, vocabulary: MicroVocabulary) -> int:
    """The token that ends an answer: EOT where the vocabulary has one, else EOS."""
    for key in ("eot_token_id", "eos_token_id"):
        if key in stand_in.tokenizer:
            return _id(stand_in, vocabulary, key)
    raise UsageError(
        f"{stand_in.source}: `tokenizer` has neither eot_token_id nor eos_token_id",
        help="a model needs a token that ends its turn; write its text, such as `eos_token_id: </s>`",
    )


def _id(stand_in: StandIn, vocabulary: MicroVocabulary, key: str) -> int:
    text = str(stand_in.tokenizer[key])
    try:
        return vocabulary.id_of(text)
    except KeyError:
        raise UsageError(
            f"{stand_in.source}: `{key}` is {text!r}, which is no token of the vocabulary",
            help="add it to `control`",
        ) from None


def _metadata(stand_in: StandIn, vocabulary: MicroVocabulary) -> dict[str, Any]:
    keys: dict[str, Any] = {"general.type": "model", "general.name": stand_in.name}
    if stand_in.file_type is not None:
        keys["general.file_type"] = stand_in.file_type
    keys |= architecture_keys(stand_in.architecture, stand_in.context_length, m_rope=stand_in.m_rope)
    for key, value in stand_in.tokenizer.items():
        whole = f"tokenizer.ggml.{key}"
        keys[whole] = _id(stand_in, vocabulary, key) if key.endswith(ID) else value
    keys["tokenizer.ggml.tokens"] = list(vocabulary.tokens)
    keys["tokenizer.ggml.token_type"] = list(vocabulary.types)
    if vocabulary.scores:
        keys["tokenizer.ggml.scores"] = list(vocabulary.scores)
    else:
        keys["tokenizer.ggml.merges"] = list(vocabulary.merges)
    if stand_in.chat_template:
        keys["tokenizer.chat_template"] = stand_in.chat_template
    return keys


def _write(
    path: Path, architecture: str, keys: Mapping[str, Any], tensors: Mapping[str, FloatTensor]
) -> None:
    write_atomically(path, new_gguf(architecture, keys, tensors, types=_TYPES))
