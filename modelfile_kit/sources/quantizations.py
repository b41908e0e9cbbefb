"""Which files of a repository are one model, and which of several quantizations is taken.

Names of files are all that there is to go by: a hub lists no metadata. A split model, `…-00001-of-00003.gguf`
and its siblings, is one choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.diagnostics import Span
from ..core.errors import SourceError
from ..core.listed import some
from ..core.near_words import near_word
from .name import Name
from .repository import RepositoryFile

NO_QUANTIZATION = "MK485"
SEVERAL_MODELS = "MK486"
NO_GGUF = "MK487"

DEFAULT = "Q4_K_M"
"""What `ollama run hf.co/ORG/REPO` takes where it is there (huggingface.co/docs/hub/ollama)."""

PREFERRED = (
    DEFAULT, "UD-Q4_K_XL", "Q4_K_XL", "Q4_K_L", "Q4_K_S", "Q4_K", "IQ4_NL", "IQ4_XS", "Q4_1", "Q4_0", "Q4",
    "MXFP4_MOE", "MXFP4", "NVFP4", "Q5_K_M", "Q5_K_S", "Q5_K", "Q5_1", "Q5_0", "Q5", "Q6_K", "Q6", "Q8_0",
    "Q8", "Q3_K_L", "Q3_K_M", "IQ3_M", "Q3_K_S", "Q3_K", "Q2_K", "BF16", "F16", "F32",
)  # fmt: skip
"""The order in which one is taken where nothing is asked for: the default, then others of about its size."""

ONLY_ONE = "the only one"
SHOWN = 12  # of a list in a message

_SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\Z", re.DOTALL)
_K = r"_K(?:_(?:XXS|XS|S|M|L|XL|XXL|P))?"
_QUANTIZATION = re.compile(
    rf"(?<![A-Za-z0-9])(?:UD[-_])?(?:I?Q[1-8](?:{_K}|_(?:XXS|XS|S|M|L|XL|NL)|_[01](?:_[48]_[48])?)?"
    r"|TQ[12]_0|(?:MX|NV)FP4(?:_MOE)?|B?F16|FP16|F32|FP32)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SPELLINGS = {"FP16": "F16", "FP32": "F32"}


@dataclass(frozen=True)
class Choice:
    """One model of a repository: one file, or the parts of a split one, in order.

    name: of the quantization, in capitals, "" where the file's name says none; stem: the file's path without
    it and without the part's number, by which the models of a repository are told apart.
    """

    name: str
    stem: str
    parts: tuple[RepositoryFile, ...]
    missing: tuple[int, ...] = ()

    @property
    def file(self) -> RepositoryFile:
        """The file, or the first part."""
        return self.parts[0]

    @property
    def size(self) -> int | None:
        """In bytes, of all parts; None where one is not known."""
        sizes = [part.size for part in self.parts]
        return None if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True)
class Contents:
    """The GGUF files of a repository: models, projectors and files that are neither."""

    models: tuple[Choice, ...]
    projectors: tuple[RepositoryFile, ...]
    others: tuple[RepositoryFile, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The quantizations, each once, in the order of PREFERRED."""
        return tuple(dict.fromkeys(choice.name for choice in sorted(self.models, key=_rank) if choice.name))


def quantization_of(path: str) -> str:
    """The quantization that a file's path names, in capitals, "" for none: the last one in its name.

    Where the name has none, the folder's: `Q4_K_M/model-00001-of-00002.gguf`.
    """
    for part in reversed(path.removesuffix(".gguf").split("/")):
        stem = found["stem"] if (found := _SPLIT.fullmatch(part)) else part
        if named := [*_QUANTIZATION.finditer(stem)]:
            text = named[-1][0].upper()
            text = f"UD-{text[3:]}" if text.startswith("UD") else text
            return _SPELLINGS.get(text, text)
    return ""


def is_projector(path: str) -> bool:
    """Whether a file is named as projectors are."""
    name = path.rpartition("/")[2].lower()
    return "mmproj" in name or "projector" in name


def contents_of(files: Iterable[RepositoryFile]) -> Contents:
    """Sorts the GGUF files of a repository."""
    found = [file for file in files if file.path.lower().endswith(".gguf")]
    projectors = tuple(file for file in found if is_projector(file.path))
    others = tuple(f for f in found if f not in projectors and "imatrix" in f.name.lower())
    groups: dict[tuple[str, int], list[tuple[int, RepositoryFile]]] = {}
    for file in found:
        if file in projectors or file in others:
            continue
        split = _SPLIT.fullmatch(file.path[: -len(".gguf")])
        key = (split["stem"], int(split["count"])) if split else (file.path[: -len(".gguf")], 0)
        groups.setdefault(key, []).append((int(split["number"]) if split else 1, file))
    models = []
    for (stem, count), numbered in groups.items():
        numbers = sorted(numbered, key=lambda pair: pair[0])
        there = {number for number, _ in numbers}
        missing = tuple(n for n in range(1, min(count, 1000) + 1) if n not in there)
        parts = tuple(file for _, file in numbers)
        models.append(Choice(quantization_of(f"{stem}.gguf"), _stem(stem), parts, missing))
    return Contents(tuple(models), projectors, others)


def choose(contents: Contents, name: Name, title: str) -> tuple[Choice, str]:
    """The model that a name means, and why it is that one ("" where the name says it).

    title: of the repository, for messages. Raises SourceError: MK485 for a quantization that is not there,
    MK486 where several models could be meant, MK487 where there is no GGUF of a model.
    """
    models = [m for m in contents.models if _within(m.file.path, name.folder)]
    if not models:
        raise _no_model(contents, name, title)
    if name.quantization:
        return _asked(models, name.quantization, title), ""
    whole = _only_one(models, title)
    best = sorted(whole, key=_rank)[0]
    if len(whole) == 1:
        return _complete(best, title), ONLY_ONE
    others = ", ".join(dict.fromkeys(m.name or m.file.name for m in sorted(whole, key=_rank)[1:]))
    why = "the usual one" if best.name == DEFAULT else f"there is no {DEFAULT}"
    return _complete(best, title), f"{why}; there are {others} too"


def _asked(models: Sequence[Choice], asked: str, title: str) -> Choice:
    """The model of a quantization, or of a file's name, in any case."""
    wanted = asked.lower().removesuffix(".gguf")
    files = [m for m in models if _file_stem(m).lower() == wanted]
    if len(files) == 1:
        return _complete(files[0], title)
    text = _SPELLINGS.get(asked.upper(), asked.upper())
    found = [m for m in models if m.name == text]
    found = found or [m for m in models if m.name.removeprefix("UD-") == text]
    if not found:
        names = list(dict.fromkeys(m.name or _file_stem(m) for m in sorted(models, key=_rank)))
        close = near_word(text, [n.upper() for n in names], cutoff=0.7)
        hint = f"did you mean {close}? " if close else ""
        raise SourceError(
            f"has no quantization {asked}",
            span=Span(title),
            help=f"{hint}it has {some(names, SHOWN)}",
            code=NO_QUANTIZATION,
        )
    if len(found) > 1:
        raise _several(found, f"has {len(found)} models of quantization {found[0].name}", title)
    return _complete(found[0], title)


def _only_one(models: Sequence[Choice], title: str) -> Sequence[Choice]:
    """The quantizations of one model; raises where the names are those of several."""
    stems = list(dict.fromkeys(m.stem.lower() for m in models))
    if len(stems) == 1 or len({m.name for m in models}) == len(models):
        return models
    raise _several(models, f"has {len(stems)} models, and the name says not which", title)


def _several(models: Sequence[Choice], what: str, title: str) -> SourceError:
    files = [m.file.path for m in sorted(models, key=lambda m: m.file.path)]
    advice = f"name the file, as in {title}/{files[0]}; there are {some(files, SHOWN)}"
    return SourceError(what, span=Span(title), help=advice, code=SEVERAL_MODELS)


def _no_model(contents: Contents, name: Name, title: str) -> SourceError:
    where = f"has no GGUF of a model in {name.folder}" if name.folder else "has no GGUF of a model"
    if contents.models:
        folders = sorted({m.file.path.rpartition("/")[0] or "the top" for m in contents.models})
        return SourceError(
            where, span=Span(title), help=f"there are some in {some(folders, SHOWN)}", code=NO_GGUF
        )
    if contents.projectors:
        names = some([p.path for p in contents.projectors], SHOWN)
        return SourceError(
            f"{where}, only {names}", span=Span(title), help="name the model's repository", code=NO_GGUF
        )
    return SourceError(
        where,
        span=Span(title),
        help="name a repository with GGUF files; or download this one into a folder, and `mkmodelfile init "
        "FOLDER` says how to convert it",
        code=NO_GGUF,
    )


def _complete(choice: Choice, title: str) -> Choice:
    if not choice.missing:
        return choice
    count = len(choice.parts) + len(choice.missing)
    numbers = some([str(n) for n in choice.missing], SHOWN)
    raise SourceError(
        f"has {len(choice.parts)} of the {count} parts of {choice.file.path}: {numbers} are missing",
        span=Span(title),
        help="choose another quantization, or ask its owner to upload them",
        code=NO_QUANTIZATION,
    )


def _rank(choice: Choice) -> tuple[int, str]:
    order = PREFERRED.index(choice.name) if choice.name in PREFERRED else len(PREFERRED)
    return order, choice.file.path


def _within(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _stem(path: str) -> str:
    """What is left of a file's name without its quantization."""
    name = path.rpartition("/")[2]
    return _QUANTIZATION.sub("", name).rstrip("-._ ")


def _file_stem(choice: Choice) -> str:
    name = choice.file.name[: -len(".gguf")]
    return found["stem"] if (found := _SPLIT.fullmatch(name)) else name
