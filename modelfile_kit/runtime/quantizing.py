"""Quantizing a GGUF into new files.

What cannot be quantized is refused with the reason, and each file appears whole or not at all.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..core.beside import folder_beside
from ..core.diagnostics import Severity, Span
from ..core.errors import EngineError, GGUFError, UsageError
from ..core.files import why_no_file
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..gguf_file import Header, read_header
from ..gguf_file.pairing import FileKind, classify
from ..gguf_file.quantization import AT_END
from ..gguf_file.soundness import check_soundness
from ..gguf_file.split import split_of
from .llama_quantize import ALIASES, TYPES, Quantizer

NOT_A_MODEL, ALREADY, NO_ROOM = "MK461", "MK462", "MK903"
CHANGED = "MK464"

# What tensors of an unquantized file are of.
_PLAIN = frozenset({"F32", "F16", "BF16", "F64", "I8", "I16", "I32", "I64"})
# A projector is a small part of the whole, and the mixtures of types are made for layers of text models.
_FOR_PROJECTORS = ("F32", "F16", "BF16", "Q8_0")
# What llama-quantize itself writes; everything else of the metadata stays as it is.
_ITS_KEYS = re.compile(r"general\.(?:file_type|quantization_version)|quantize\.imatrix\..*|split\..*")
# Bits a weight where llama-quantize does not say how large the result will be: more than any mixture takes.
_BITS = {"F32": 32.0, "F16": 16.0, "BF16": 16.0}
_BITS_AT_MOST = 9.0

# Told the type, how many tensors are done, of how many, and the name of the one that is next.
Told = Callable[[str, int, int, str], object]


@dataclass(frozen=True)
class Quantized:
    """A file that was made. size: bytes; fallback, tensors: as of `llama_quantize.Run`."""

    path: Path
    type: str
    size: int
    fallback: int = 0
    tensors: int = 0


def quantize(
    model: Path,
    types: Sequence[str],
    program: Quantizer,
    *,
    output: Path | None = None,
    imatrix: Path | None = None,
    again: bool = False,
    threads: int = 0,
    told: Told | None = None,
) -> list[Quantized]:
    """Quantizes a GGUF to each of the types.

    types: as `read_types` gives them; output: a folder for the files, or the file where there is one type;
    beside the model by default. imatrix: an importance matrix; again: also what is quantized already;
    threads: 0 for llama-quantize's own choice.

    Nothing is overwritten. Raises UsageError (MK461, MK462, MK903) before anything is written, EngineError
    where llama-quantize fails or gives a file that is not the same model. Files of types that were done
    before stay, each of them whole.
    """
    header = _read(model)
    check_quantizable(header, types, again=again)
    if imatrix is not None:
        _check_imatrix(imatrix, program)
    places = {kind: _place(model, kind, output, len(types)) for kind in types}
    for place in places.values():
        _must_be_new(place)
    _must_have_room(header, program, places, imatrix=imatrix, again=again)
    return [
        _one(header, kind, place, program, imatrix=imatrix, again=again, threads=threads, told=told)
        for kind, place in places.items()
    ]


def read_types(text: str) -> tuple[str, ...]:
    """The types of a list such as `Q4_K_M,q8_0`, each once. Raises UsageError for one that there is not."""
    found: dict[str, None] = {}
    for word in text.split(","):
        name = word.strip().upper()
        name = ALIASES.get(name, name)
        if name not in TYPES:
            near = near_word(name, [*TYPES, *ALIASES])
            hint = f"did you mean {near}? " if near else ""
            raise UsageError(
                f"{word.strip()!r} is no type of quantization", help=f"{hint}known are {', '.join(TYPES)}"
            )
        found[name] = None
    return tuple(found)


def quantized_name(model: Path, to: str) -> str:
    """The name of the quantized file: the type at the end of the name is replaced, or added."""
    return f"{AT_END.sub('', model.name.removesuffix('.gguf'))}-{to}.gguf"


def check_quantizable(header: Header, types: Sequence[str], *, again: bool = False) -> None:
    """Raises UsageError (MK461, MK462) with the reason why a file cannot be quantized to these types."""
    place = Span(header.source)
    name = Path(header.source).name
    if (split := split_of(header)) is not None:
        raise UsageError(
            f"{name} is part {split.number + 1} of {split.count} of a split model",
            span=place,
            help=f"join them first: `llama-gguf-split --merge {name} whole.gguf`, then quantize that file",
            code=NOT_A_MODEL,
        )
    kind = classify(header)
    too_small = [t for t in types if t not in _FOR_PROJECTORS]
    if kind is FileKind.PROJECTOR and too_small:
        raise UsageError(
            f"{name} is a projector (mmproj), and {too_small[0]} has too few bits for one: it is a small "
            "part of the model, and what it loses is lost for every image",
            span=place,
            help=f"quantize the model, and keep the projector; at most make it {_FOR_PROJECTORS[-1]}",
            code=NOT_A_MODEL,
        )
    if kind is FileKind.ADAPTER:
        raise UsageError(
            f"{name} is a LoRA adapter, which llama.cpp adds to a model as it is",
            span=place,
            help="quantize the model that it belongs to",
            code=NOT_A_MODEL,
        )
    if not header.tensors:
        raise UsageError(
            f"{name} has no tensors: it is a vocabulary alone",
            span=place,
            help="name the file with the weights",
            code=NOT_A_MODEL,
        )
    for found in check_soundness(header):
        if found.severity is Severity.ERROR:
            raise UsageError(found.message, span=place, help=found.help, code=found.code)
    _must_be_plain(header, name, place, again=again)


def _must_be_plain(header: Header, name: str, place: Span, *, again: bool) -> None:
    types = [t.type for t in header.tensors if t.type not in _PLAIN]
    if types and not again:
        most = max(set(types), key=types.count)
        raise UsageError(
            f"{name} is quantized already: {len(types)} of {len(header.tensors)} tensors, most of them "
            f"{most}; quantizing them again loses more than quantizing the original once",
            span=place,
            help="use the F16, BF16 or F32 file of the same model; --allow-requantize does it all the same",
            code=ALREADY,
        )


def same_model(before: Header, after: Header) -> str:
    """What of a quantized file is not as in the original, so that prompts or tokens could differ; "" if none.

    The chat template, the vocabulary and all other metadata, and the names and shapes of the tensors.
    """
    old, new = (
        {k: bytes(piece) for k, piece in h.metadata.pieces() if not _ITS_KEYS.fullmatch(k)}
        for h in (before, after)
    )
    if differ := sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k)):
        return f"metadata {differ[0]}"
    shapes = [{t.name: t.shape for t in h.tensors} for h in (before, after)]
    names = sorted(n for n in shapes[0].keys() | shapes[1].keys() if shapes[0].get(n) != shapes[1].get(n))
    return f"tensor {names[0]}" if names else ""


def _read(model: Path) -> Header:
    if why := why_no_file(model):
        raise UsageError(why, span=Span(str(model)), help="give the path of a GGUF file", code="MK402")
    return read_header(model)


def _check_imatrix(imatrix: Path, program: Quantizer) -> None:
    if not program.imatrix:
        raise UsageError(
            "there is no llama-quantize, and llama-cpp-python's library takes no importance matrix",
            help="install Ollama 0.30 or later, or name a llama-quantize with --llama-quantize PATH",
        )
    if why := why_no_file(imatrix):
        raise UsageError(f"{imatrix} {why}", help="give the file that llama-imatrix wrote")


def _place(model: Path, kind: str, output: Path | None, count: int) -> Path:
    if output is None:
        return model.with_name(quantized_name(model, kind))
    if output.is_dir():
        return output / quantized_name(model, kind)
    if count > 1:
        raise UsageError(
            f"{output} is not a folder, and {count} files are to be written", help="make the folder first"
        )
    if output.suffix.lower() != ".gguf":
        raise UsageError(
            f"{output} is neither a folder nor the name of a GGUF file",
            help="make the folder first, or give a name that ends with .gguf",
        )
    return output


def _must_be_new(place: Path) -> None:
    if place.exists():
        raise UsageError(f"{place} exists already", help="remove it, or name another place with --output")
    if not place.parent.is_dir():
        raise UsageError(f"{place.parent} is not a folder", help="make it first, or give another --output")


def _must_have_room(
    header: Header, program: Quantizer, places: dict[str, Path], *, imatrix: Path | None, again: bool
) -> None:
    weights = sum(_count(t.shape) for t in header.tensors)
    need = 0
    for kind in places:
        said = program.rehearse(Path(header.source), kind, again=again, imatrix=imatrix)
        bits = _BITS.get(kind, _BITS_AT_MOST)
        need += header.data_offset + (said.size if said and said.size else int(weights * bits / 8))
    folder = next(iter(places.values())).parent
    free = shutil.disk_usage(folder).free
    if need > free:
        raise UsageError(
            f"{', '.join(places)} of {Path(header.source).name} need {need / 1e9:.2f} GB, and {folder} has "
            f"{free / 1e9:.2f} GB free",
            help="make room, or name a folder on another disk with --output",
            code=NO_ROOM,
        )


def _count(shape: tuple[int, ...]) -> int:
    product = 1
    for n in shape:
        product *= n
    return product


def _one(
    header: Header,
    kind: str,
    place: Path,
    program: Quantizer,
    *,
    imatrix: Path | None,
    again: bool,
    threads: int,
    told: Told | None,
) -> Quantized:
    """Writes one file beside its place, looks at it, and gives it its name."""

    def part_told(done: int, total: int, tensor: str) -> None:
        if told:
            told(kind, done, total, tensor)

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(folder_beside(place))
        except OSError as e:
            raise UsageError(
                f"cannot write into {place.parent}: {os_reason(e)}",
                help="correct the permissions, or name another place with --output",
                code=NO_ROOM,
            ) from e
        part = folder / place.name
        source = Path(header.source)
        run = program.run(
            source,
            part,
            kind,
            again=again,
            imatrix=imatrix,
            threads=threads,
            told=part_told if told else None,
        )
        try:
            made = read_header(part)
        except (GGUFError, OSError) as e:
            raise _changed(program, source, kind, f"the file cannot be read: {e}") from e
        if other := same_model(header, made):
            raise _changed(program, source, kind, f"{other} is not as in the original")
        if place.exists():
            _must_be_new(place)
        part.replace(place)
        return Quantized(place, kind, place.stat().st_size, run.fallback, run.tensors)


def _changed(program: Quantizer, source: Path, kind: str, what: str) -> EngineError:
    return EngineError(
        f"{program.name} made {kind} of {source.name}, and {what}: prompts or tokens could differ",
        help="nothing was kept; try another llama-quantize (--llama-quantize PATH)",
        code=CHANGED,
    )
