"""A package out of a Modelfile: its files and settings as they are, and what a build makes of them.

What a published model behind FROM sets itself is in force too, as where Ollama creates from a model (0.34,
server/create.go): its TEMPLATE and SYSTEM where the Modelfile has none, its parameters under the Modelfile's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..building.build import build
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, UsageError
from ..core.file_kinds import is_gguf
from ..core.files import open_file
from ..diff import settings as compared
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind, classify
from ..ollama.grammar import Modelfile, parse_modelfile
from ..package.draft import package_name, relative_path
from ..publish.create_request import PROJECTOR_NOTE, CreateRequest, read_request
from ..publish.expectation import request_of_build
from ..publish.served_model import ServedModel
from ..publish.settings import Settings, package_files
from ..sources.folder import CONVERT
from ..sources.model_name import model_part
from ..sources.name import is_name

DIFFERS = "MK560"
LEFT_BEHIND = "MK561"

MAX_BYTES = 4 << 20
"""Of a text that may be a Modelfile."""

_NAMED = re.compile(r"modelfile(?:[._-].*)?|.*\.modelfile", re.IGNORECASE)


@dataclass(frozen=True)
class Drafted:
    """files: the package file and what it names beside it, by name. wanted: what the Modelfile asks for."""

    files: Mapping[str, bytes]
    wanted: CreateRequest
    diagnostics: tuple[Diagnostic, ...]


def is_modelfile(path: Path) -> bool:
    """Whether a file is a Modelfile, by its name or because it reads as one with a FROM."""
    if not path.is_file():
        return False
    with open_file(path) as file:
        data = file.read(MAX_BYTES + 1)
    if is_gguf(data) or data.startswith(b"PK") or len(data) > MAX_BYTES:
        return False
    if _NAMED.fullmatch(path.name):
        return True
    try:
        return bool(parse_modelfile(data).froms)
    except KitError:
        return False


def model_of(path: Path) -> str | None:
    """The published model behind FROM, as it is written; None where FROM names files.

    Raises as `read_request` does.
    """
    return read_request(path).from_model


def draft_modelfile(
    path: Path, folder: Path, *, served: ServedModel | None = None, projector: str | None = None
) -> Drafted:
    """The package of a Modelfile.

    folder: where the package file will be. served: the published model behind FROM, where a server has it.
    projector: in place of the Modelfile's, a path or `none`.
    Raises as `read_request` does, and UsageError for files that no package can have.
    """
    request = read_request(path)
    with open_file(path) as file:
        modelfile = parse_modelfile(file.read(), file=str(path))
    found = list(request.diagnostics)
    wanted = request if served is None else _with_base(request, served)
    if request.from_model:
        name = _named_after(path, request.from_model)
        model = _model_name(request.from_model)
        seen = "none" if served is not None and not served.has_projector else "auto"
        found += _of_base(request.from_model, served, path)
    else:
        files = _sorted_out(request, path)
        name = package_name(files[0])
        model = relative_path(files[0], folder)
        noted = _noted_projectors(modelfile, path.parent)
        projectors = list(dict.fromkeys((*files[1:], *noted)))
        seen = relative_path(projectors[0], folder) if projectors else "none"
        found = [d for d in found if not (d.code == "MK134" and noted)]
        found += _more_projectors(projectors, path)
    settings = Settings(
        name=name,
        model=model,
        projector=seen if projector is None else projector,
        template=wanted.template,
        native=served is not None and served.native and request.template is None,
        renderer=wanted.renderer or "",
        parser=wanted.parser or "",
        stop=_stops(wanted),
        parameters={k: v for k, v in wanted.parameters.items() if k != "stop"},
        system=wanted.system or "",
        messages=tuple((m["role"], m["content"]) for m in wanted.messages),
        licenses=wanted.licenses,
        adapters=tuple(relative_path(f.path, folder) for f in request.adapters),
        draft=next((relative_path(f.path, folder) for f in request.drafts), ""),
        target=f">={request.requires}" if request.requires else "",
    )
    texts = package_files(settings, f"made of {path.name}; what it sets is here as it was")
    return Drafted(texts, wanted, tuple(found))


def held_to_modelfile(package: Path, wanted: CreateRequest, modelfile: Path) -> tuple[Diagnostic, ...]:
    """Builds the package and tells each difference from what the Modelfile asks for (MK560).

    package: the written package file. What the build finds comes first; a build that fails is told alone.
    """
    try:
        built = build(package, write=False)
    except KitError as error:
        return error.findings
    advice = f"correct it in {package}, or leave it if it is better so"
    different = (
        Diagnostic(
            DIFFERS,
            Severity.WARNING,
            f"the package's build differs from {modelfile.name} (Modelfile -> build): {line}",
            Span(str(modelfile)),
            advice,
        )
        for line in _differences(wanted, request_of_build(built))
    )
    return (*built.diagnostics, *different)


def _differences(wanted: CreateRequest, made: CreateRequest) -> Iterator[str]:
    if wanted.template is not None and made.template != wanted.template:
        yield "TEMPLATE: the text is not the same" if made.template else "TEMPLATE: the build has none"
    elif wanted.template is None and made.template and not wanted.renderer:
        yield "TEMPLATE: not set, so Ollama decides -> compiled from the chat template"
    if not wanted.requires:
        made = replace(made, requires=None)
    lines = compared.compare_settings(_settings_of(wanted), _settings_of(made)).lines
    whole: list[str] = []
    for line in lines:  # what is indented belongs to the line before
        if line.startswith(" ") and whole:
            whole[-1] += f"\n{line}"
        else:
            whole.append(line.removeprefix("~ "))
    yield from whole
    ours, theirs = (sum(_is_projector(f.path) for f in r.files) for r in (wanted, made))
    if not wanted.from_model and ours != theirs:
        yield f"projectors: {ours} -> {theirs}"


def _settings_of(request: CreateRequest) -> compared.Settings:
    return compared.Settings(
        request.parameters,
        request.system or "",
        tuple((m["role"], m["content"]) for m in request.messages),
        request.licenses,
        request.renderer or "",
        request.parser or "",
        request.requires or "",
        (),
        {"ADAPTER": len(request.adapters), "DRAFT": len(request.drafts)},
    )


# -- the files -----------------------------------------------------------------------------------------------


def _sorted_out(request: CreateRequest, path: Path) -> list[Path]:
    """The model, of a split one its first part, and the projectors."""
    if any(f.path.suffix == ".safetensors" for f in request.files):
        raise UsageError(
            "FROM names a folder of safetensors, and a package is made of a GGUF",
            span=Span(str(path)),
            help=f"`mkmodelfile init` with that folder says how: {CONVERT}",
        )
    models: list[Path] = []
    projectors: list[Path] = []
    for file in request.files:
        kind = classify(read_header(file.path))
        if kind is FileKind.ADAPTER:
            raise UsageError(
                f"FROM names {file.path.name}, which is an adapter and not a model",
                span=Span(str(path)),
                help="write FROM for the model and ADAPTER for this file",
            )
        (projectors if kind is FileKind.PROJECTOR else models).append(file.path)
    if not models:
        raise UsageError(
            f"FROM names a projector alone, {projectors[0].name}",
            span=Span(str(path)),
            help="write FROM for the model too",
        )
    return [models[0], *projectors]


def _is_projector(path: Path) -> bool:
    return path.suffix.lower() == ".gguf" and classify(read_header(path)) is FileKind.PROJECTOR


def _noted_projectors(modelfile: Modelfile, folder: Path) -> list[Path]:
    """Files of `# PROJECTOR FILE`, a comment to Ollama by which their writer meant something."""
    notes = (PROJECTOR_NOTE.fullmatch(comment.text) for comment in modelfile.comments)
    paths = (folder / note["file"].strip("\"'") for note in notes if note)
    return [path for path in paths if path.is_file()]


def _more_projectors(projectors: Sequence[Path], path: Path) -> Iterator[Diagnostic]:
    for other in projectors[1:]:
        yield Diagnostic(
            LEFT_BEHIND,
            Severity.WARNING,
            f"{other.name} is not in the package: it has one projector, {projectors[0].name}",
            Span(str(path)),
            "write the one that you want as `projector:`",
        )


# -- a published model behind FROM ---------------------------------------------------------------------------


def _model_name(from_model: str) -> str:
    return from_model if is_name(from_model) else f"ollama://{from_model}"


def _named_after(path: Path, from_model: str) -> str:
    """The folder's name: the model's own is taken, by that model."""
    name = package_name(Path(path.absolute().parent.name))
    return f"my-{name}" if name == model_part(from_model).lower() else name


def _stops(wanted: CreateRequest) -> tuple[str, ...] | None:
    """The stops of the Modelfile; those that a build finds, where it has neither stops nor a TEMPLATE."""
    stops = wanted.parameters.get("stop")
    if stops is None and wanted.template is None and not wanted.renderer:
        return None
    return tuple(map(str, stops or ()))


def _with_base(request: CreateRequest, served: ServedModel) -> CreateRequest:
    own = None if served.native or served.promptless else served.template
    return replace(
        request,
        template=request.template if request.template is not None else own,
        system=request.system if request.system is not None else served.system,
        parameters={**served.parameters, **request.parameters},
        messages=request.messages or served.messages,
        licenses=(*served.licenses, *request.licenses),
        renderer=request.renderer or served.renderer,
        parser=request.parser or served.parser,
    )


def _of_base(from_model: str, served: ServedModel | None, path: Path) -> Iterator[Diagnostic]:
    span = Span(str(path))
    if served is None:
        yield Diagnostic(
            LEFT_BEHIND,
            Severity.WARNING,
            f"FROM {from_model}: what that model sets itself (TEMPLATE, SYSTEM, parameters, licences) is not "
            "in the package, because no server was found that has it",
            span,
            f"`ollama pull {from_model}`, start the server, and call init again with --force",
        )
        return
    for kind in ("ADAPTER", "DRAFT"):
        if any(layer == kind for layer, _ in served.layers):
            yield Diagnostic(
                LEFT_BEHIND,
                Severity.WARNING,
                f"FROM {from_model}: the {kind} of that model is not in the package",
                span,
                f"`mkmodelfile adopt {from_model}` takes it along",
            )
