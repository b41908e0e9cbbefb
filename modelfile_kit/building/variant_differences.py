"""What sets a variant apart from the main one, beside its weights: it changes prompts, or is a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..core.common_start import common_length
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError
from ..gguf_file import Header
from ..gguf_file.arrays import NumberArray, StringArray
from ..gguf_file.quantization import contradiction
from ..gguf_file.same_model import other_model, plain, value_text
from ..package.package import Package
from .sources import ModelTemplate, PackageFiles, choose_reference

OTHER_PROMPTS, OTHER_MODEL, OTHER_QUANTIZATION = "MK555", "MK556", "MK557"

CODES = frozenset({OTHER_PROMPTS, OTHER_MODEL, OTHER_QUANTIZATION})

_SHOWN = 60  # characters of a line of a chat template


@dataclass(frozen=True)
class Main:
    """What the variants are held to: a variant's tag, its files, and its chat template if it has one."""

    tag: str
    files: PackageFiles
    reference: ModelTemplate | None

    @classmethod
    def of(cls, package: Package, files: PackageFiles) -> Main:
        """The variant that a package was made for."""
        return cls(package.variant or package.name, files, _reference(package, files))


def differences(package: Package, files: PackageFiles, main: Main | None) -> list[Diagnostic]:
    """What is to be known about a variant: where it is not the main one with other weights.

    main: None for the main one itself, whose tag is held to its file all the same.
    """
    tag, span = package.variant or "", package.span("model")
    found = list(_quantization(package, files.header, span))
    if main is None:
        return found
    if other := other_model(files.header, main.files.header):
        message = f"variant `{tag}` is another model than `{main.tag}`: {other}"
        hint = "give it a package of its own: projector, parameters and licence are shared here"
        return [*found, Diagnostic(OTHER_MODEL, Severity.WARNING, message, span, hint)]
    what = [*_template(_reference(package, files), main), *_vocabulary(files, main), *_settings(files, main)]
    if what:
        message = f"variant `{tag}` differs from `{main.tag}` in more than its weights: {'; '.join(what)}"
        hint = (
            "its prompts are compiled and proven on their own. If that is not meant, the file was made from "
            "an older conversion: download it again, or give all variants one `chat_template:`"
        )
        found.append(Diagnostic(OTHER_PROMPTS, Severity.WARNING, message, span, hint))
    return found


def _reference(package: Package, files: PackageFiles) -> ModelTemplate | None:
    try:
        return choose_reference(package, files)
    except KitError:
        return None  # the plan says so


def _quantization(package: Package, header: Header, span: Span) -> Iterator[Diagnostic]:
    tag = package.variant or ""
    if package.quantize is None and (says := contradiction(header, tag)):
        message = f"variant `{tag}` is {says} by the header of {files_name(header)} (general.file_type)"
        hint = "name the right file, or another tag"
        yield Diagnostic(OTHER_QUANTIZATION, Severity.WARNING, message, span, hint)


def files_name(header: Header) -> str:
    """The file's name without its folder."""
    return header.source.replace("\\", "/").rpartition("/")[2]


def _template(ours: ModelTemplate | None, main: Main) -> Iterator[str]:
    theirs = main.reference
    if ours is None or theirs is None:
        if ours is not theirs:
            yield f"it has {'no' if ours is None else 'a'} chat template"
        return
    if ours.text == theirs.text:
        return
    lines = zip_longest(ours.text.splitlines(), theirs.text.splitlines())
    number, here, there = next(((n, a, b) for n, (a, b) in enumerate(lines, 1) if a != b), (0, None, None))
    if not number:
        yield "its chat template has other line ends"
        return
    here, there = _from_difference(here, there)
    yield f"line {number} of its chat template is {here}, not {there}"


def _from_difference(a: str | None, b: str | None) -> tuple[str, str]:
    """Both lines, cut so that what differs is seen; a chat template may be one line of thousands."""
    start = max(0, common_length(a or "", b or "") - 20)

    def cut(line: str | None) -> str:
        return "missing" if line is None else repr(("…" if start else "") + line[start : start + _SHOWN])

    return cut(a), cut(b)


def _vocabulary(files: PackageFiles, main: Main) -> Iterator[str]:
    if files.vocabulary_name == main.files.vocabulary_name:
        return
    ours, theirs = files.header.metadata, main.files.header.metadata
    keys = [k for k in {**ours, **theirs} if k.startswith("tokenizer.ggml.") and k != "tokenizer.ggml.scores"]
    for key in sorted(keys):
        a, b = ours.get(key), theirs.get(key)
        if plain(a) != plain(b):
            yield f"{key}{_first_other(a, b)}"


def _settings(files: PackageFiles, main: Main) -> Iterator[str]:
    """The architecture's own keys, such as the context length and RoPE."""
    header, theirs = files.header, main.files.header
    prefix = f"{header.architecture}."
    for key in sorted({k for k in (*header.metadata, *theirs.metadata) if k.startswith(prefix)}):
        a, b = header.metadata.get(key), theirs.metadata.get(key)
        if plain(a) != plain(b):
            yield f"{key}{_first_other(a, b)}"


def _first_other(a: Any, b: Any) -> str:
    if isinstance(a, (StringArray, NumberArray)) and isinstance(b, (StringArray, NumberArray)):
        if len(a) != len(b):
            return f" has {len(a)} entries, not {len(b)}"
        pairs = enumerate(zip(a, b, strict=True))
        number, (x, y) = next((n, p) for n, p in pairs if p[0] != p[1])
        return f"[{number}] is {value_text(x)}, not {value_text(y)}"
    return f" is {value_text(a)}, not {value_text(b)}"
