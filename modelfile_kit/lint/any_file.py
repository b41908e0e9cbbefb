"""Lints a file by what it is: a Modelfile, a package file, or a Go template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic, Severity, Span, by_place, with_excerpts
from ..core.errors import ModelfileError
from ..core.file_kinds import CHAT_TEMPLATE, GO_TEMPLATE, kind_of
from ..core.later import later
from ..ollama.decoding import decode
from ..ollama.grammar import check_is_text
from ..ollama.versions import Target
from ..project.walk import MODELFILES, PACKAGE_FILES
from .choice import EVERYTHING, Choice
from .runner import lint_modelfile, lint_template

if TYPE_CHECKING:
    from ..building import parameters
    from ..package import bounded_yaml, package, variant_keys
else:
    parameters = later("modelfile_kit.building.parameters")
    bounded_yaml = later("modelfile_kit.package.bounded_yaml")
    package = later("modelfile_kit.package.package")
    variant_keys = later("modelfile_kit.package.variant_keys")

LINTED = (*MODELFILES, *PACKAGE_FILES, "*.gotmpl", "!*.yaml.gotmpl", "!*.yml.gotmpl")
"""Names of the files of a folder that are linted; `x.yaml.gotmpl` is a file of helmfile."""


def is_modelfile(name: str) -> bool:
    """Whether a file is linted as a Modelfile: every one that is not called like something else."""
    path = PurePath(name)
    return path.name not in PACKAGE_FILES and path.suffix != ".gotmpl"


def lint_file(
    data: bytes,
    *,
    base: str | Path | None = None,
    target: str | Target = "latest",
    file: str,
    memory: int | None = None,
    choice: Choice = EVERYTHING,
) -> list[Diagnostic]:
    """What is wrong with a file, in the order of its lines; arguments as of `lint_modelfile`.

    Of a package file its keys, values and parameters are looked at, not the files or names in it. Raises
    UsageError for a bad target.
    """
    if is_modelfile(file):
        return lint_modelfile(data, base=base, target=target, file=file, memory=memory, choice=choice)
    found = (
        _of_package(data, file) if PurePath(file).name in PACKAGE_FILES else _of_template(data, file, target)
    )
    return [d for d in found if choice.wants(d.code)]


def _of_package(data: bytes, file: str) -> list[Diagnostic]:
    shape, document, found = package.check_document(bounded_yaml.load(data, file))
    if found and (other := package.other_kind(data, Path(file))):
        return [other.to_diagnostic()]
    if shape is not None and not found:
        homes: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [(("parameters",), shape.parameters)]
        for variant in variant_keys.variants_of(shape):
            homes.append((("variants", variant.tag, "parameters"), variant.parameters))
        for home, given in homes:
            place = partial(document.span, *home)
            found += parameters.refused_parameters(given, shape.target, place)
    found.sort(key=by_place)
    return with_excerpts(found, bounded_yaml.BREAK.split(decode(data)))


def _of_template(data: bytes, file: str, target: str | Target) -> list[Diagnostic]:
    try:
        check_is_text(data, file)
    except ModelfileError as error:
        return [error.to_diagnostic()]
    kind = kind_of(data)
    if kind not in (None, GO_TEMPLATE, CHAT_TEMPLATE):  # of Jinja a rule tells what in it is no Go
        message = f"this is {kind.what}, expected a Go template"
        return [Diagnostic("MK202", Severity.ERROR, message, Span(file, 1), kind.taken_by)]
    return lint_template(decode(data), target=target, file=file)
