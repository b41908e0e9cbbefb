"""Lints a file by what it is: a Modelfile, a package file, a Go template, or a chat template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic, Severity, Span, by_place, with_excerpts
from ..core.errors import KitError, ModelfileError
from ..core.file_kinds import (
    CHAT_TEMPLATE,
    CHAT_TEMPLATE_ENDINGS,
    GO_TEMPLATE,
    GO_TEMPLATE_ENDINGS,
    PACKAGE_FILES,
    has_ending,
    kind_of,
)
from ..core.files import read_file
from ..core.later import later
from ..ollama.decoding import decode
from ..ollama.grammar import LINE_BREAK, check_is_text
from ..ollama.versions import Target
from ..project.walk import MODELFILES
from .choice import EVERYTHING, Choice
from .runner import lint_modelfile, lint_template

if TYPE_CHECKING:
    from ..building import parameters
    from ..compiler import frontend
    from ..compiler import unread as ignored
    from ..huggingface import chat_template_file, render
    from ..package import bounded_yaml, package, schema, variant_keys
else:
    frontend = later("modelfile_kit.compiler.frontend")
    ignored = later("modelfile_kit.compiler.unread")
    chat_template_file = later("modelfile_kit.huggingface.chat_template_file")
    render = later("modelfile_kit.huggingface.render")
    parameters = later("modelfile_kit.building.parameters")
    bounded_yaml = later("modelfile_kit.package.bounded_yaml")
    package = later("modelfile_kit.package.package")
    variant_keys = later("modelfile_kit.package.variant_keys")

LINTED = (
    *MODELFILES, *PACKAGE_FILES, "*.gotmpl", "!*.yaml.gotmpl", "!*.yml.gotmpl",
    *(f"chat_template*{ending}" for ending in CHAT_TEMPLATE_ENDINGS),
)  # fmt: skip
"""Names of the files of a folder that are linted; `x.yaml.gotmpl` is a file of helmfile, and what other
`x.jinja` are for is not known."""

MAX_BYTES = 1 << 20  # of a chat template that a package names; the longest known have 100 kB


def is_modelfile(name: str) -> bool:
    """Whether a file is linted as a Modelfile: every one that is not called like something else."""
    is_template = has_ending(name, (*GO_TEMPLATE_ENDINGS, *CHAT_TEMPLATE_ENDINGS))
    return not is_template and PurePath(name).name not in PACKAGE_FILES


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

    Of a package file its keys, values and parameters are looked at, and whether a chat template that it names
    compiles, where that is a file below `base`; not its models. Raises UsageError for a bad target.
    """
    if is_modelfile(file):
        return lint_modelfile(data, base=base, target=target, file=file, memory=memory, choice=choice)
    if PurePath(file).name in PACKAGE_FILES:
        found = _of_package(data, file, base)
    elif has_ending(file, CHAT_TEMPLATE_ENDINGS):
        found = _of_chat_template(data, file)
    else:
        found = _of_template(data, file, target)
    return [d for d in found if choice.wants(d.code)]


def _of_package(data: bytes, file: str, base: str | Path | None) -> list[Diagnostic]:
    shape, found = package_findings(bounded_yaml.load(data, file))
    if found and (other := package.other_kind(data, Path(file))):
        return [other.to_diagnostic()]
    found = with_excerpts(found, bounded_yaml.BREAK.split(decode(data)))
    named = shape.chat_template if shape is not None else None
    if base is not None and named and has_ending(named, CHAT_TEMPLATE_ENDINGS):
        found += _of_named(Path(base) / named, str(PurePath(file).parent / named))
    return found


def package_findings(read: bounded_yaml.Document) -> tuple[schema.PackageShape | None, list[Diagnostic]]:
    """What a package file says, None for one of the wrong shape, and its faults in the order of lines."""
    shape, document, found = package.check_document(read)
    if shape is not None and not found:
        homes: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [(("parameters",), shape.parameters)]
        for variant in variant_keys.variants_of(shape):
            homes.append((("variants", variant.tag, "parameters"), variant.parameters))
        for home, given in homes:
            place = partial(document.span, *home)
            found += parameters.refused_parameters(given, shape.target, place)
    return shape, sorted(found, key=by_place)


def _of_named(path: Path, file: str) -> list[Diagnostic]:
    """What is wrong with a chat template that a package names; nothing where it is not here.

    That it is missing, too long or no text is told where it is needed.
    """
    try:
        data = read_file(path, MAX_BYTES + 1) if path.is_file() else b""
    except OSError:
        return []
    return _of_chat_template(data, file) if 0 < len(data) <= MAX_BYTES else []


def _of_chat_template(data: bytes, file: str) -> list[Diagnostic]:
    """MK210 for a chat template that does not compile, MK537 for one that never reads the messages."""
    try:
        text = chat_template_file.chat_template_from(data, file).text
        reference = render.Reference(text)
        unread = ignored.ignores_messages(frontend.parse(text), reference)
    except KitError as error:
        found = error.to_diagnostic()
        line = found.span.line if found.span else None
        lines = LINE_BREAK.split(data.decode("utf-8-sig", "replace"))
        return with_excerpts([replace(found, span=Span(file, line))], lines)
    found = Diagnostic(ignored.CODE, Severity.ERROR, ignored.MESSAGE, Span(file), ignored.HELP)
    return [found] if unread else []


def _of_template(data: bytes, file: str, target: str | Target) -> list[Diagnostic]:
    try:
        check_is_text(data, file)
    except ModelfileError as error:
        return [error.to_diagnostic()]
    kind = kind_of(data, file)
    if kind not in (None, GO_TEMPLATE, CHAT_TEMPLATE):  # of Jinja a rule tells what in it is no Go
        message = f"by its contents this is {kind.what}, expected a Go template"
        return [Diagnostic("MK202", Severity.ERROR, message, Span(file, 1), kind.taken_by)]
    return lint_template(decode(data), target=target, file=file)
