"""A package out of a model on a server: its files, its settings, and whether a publish gives the same model.

The settings stay what they are, right or wrong: `check` and `repair` say what would be better. The files are
read where the server keeps them, which a server tells by their paths: on another machine they are not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..building.build import build
from ..core.beside import folder_beside
from ..core.clone import copy_told
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, ServerError, UsageError
from ..core.files import real_path
from ..core.os_errors import cannot_write
from ..core.progress import Progress, Step
from ..core.urls import is_loopback
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind, classify
from ..gguf_file.split import split_of
from ..ollama.versions import server_version, version_text
from ..runtime.ollama.client import OllamaServer
from ..sources.model_name import base_of, model_part, tag_of
from .blobs import digest_file
from .expectation import request_of_build
from .repair_plan import must_be_its_file
from .served_model import ServedModel, differences
from .settings import PACKAGE_FILE, Settings, package_files

CANNOT = "MK849"
NOT_THE_SAME = "MK848"


@dataclass(frozen=True)
class Adopted:
    """What came out: the package's folder, the files in it, and where a publish of it would differ.

    linked: whether the GGUF files share their room with the server's. diagnostics: errors and warnings of
    the build, and a MK848 for each difference.
    """

    folder: Path
    files: tuple[str, ...]
    linked: bool
    diagnostics: tuple[Diagnostic, ...]


def adopt(
    server: OllamaServer,
    name: str,
    folder: Path,
    *,
    models: Sequence[Path] = (),
    copy: bool = False,
    progress: Progress | None = None,
) -> Adopted:
    """Makes a package of a model on a server, in a folder that is not there or empty.

    models: its GGUF files, where the server keeps its own on another machine. copy: files are copied even
    where a link would do.
    Raises ServerError (MK849) where the files cannot be read; UsageError for a folder that is not empty.
    Nothing is left in the folder then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} exists already and is not an empty folder",
            help="name another folder with --output",
        )
    served = ServedModel.from_show(name, server.show(name))
    files = _files(server, served, models)
    if models:
        must_be_its_file(server, served, files["model"][0], CANNOT)
    names = _names(model_part(name), files)
    version = version_text(server_version(server.version()))
    texts = package_files(
        _settings(served, names, version), f"{name} on an Ollama {version}, as it is there."
    )
    linked = _write(folder, names, texts, copy=copy, progress=progress)
    return Adopted(folder, (*texts, *(n for _, n in names.values())), linked, _held(folder, served))


Files = dict[str, list[Path]]
"""Paths by instruction and kind: "model", "projector", "adapter", "draft"."""


def _files(server: OllamaServer, served: ServedModel, models: Sequence[Path]) -> Files:
    """The model's files, sorted; raises where there are none to be read."""
    found: Files = {}
    given = [("FROM", path) for path in models]
    for instruction, path in given or served.files:
        try:
            if not given and not is_loopback(server.url):
                _must_be_what_it_is_called(path)
            header = read_header(path)
        except KitError as e:
            if given:
                raise
            raise ServerError(
                f"{server.url} keeps the files of {served.name} where this command cannot read them: "
                f"{e.message}",
                help=f"run this on the server's machine, as a user who may read its files, or give them: "
                f"`mkmodelfile adopt {served.name} --model FILE`",
                code=CANNOT,
            ) from e
        kind = "projector" if classify(header) is FileKind.PROJECTOR else "model"
        found.setdefault({"FROM": kind}.get(instruction, instruction.lower()), []).append(path)
    if given and "model" not in found:
        raise UsageError(
            f"none of the given files is a model: {', '.join(map(str, models))}",
            help="give the model's GGUF with --model, and its projector with a second --model",
        )
    if "model" not in found:
        raise ServerError(
            f"{server.url} shows no file of {served.name}"
            + (": it runs on another machine (a cloud model)" if served.raw.get("remote_host") else ""),
            help="a package is made of a model's GGUF; give it with `--model FILE` if you have it",
            code=CANNOT,
        )
    found["model"].sort(key=lambda path: (split := split_of(read_header(path))) is not None and split.number)
    return found


def _must_be_what_it_is_called(path: Path) -> None:
    """Raises where a file that a server elsewhere names is here, and is not the blob that its name says."""
    digest, _ = digest_file(path) if path.is_file() else ("", None)
    if digest.replace(":", "-") != path.name:
        raise UsageError("it is not on this machine", span=Span(str(path)))


def _names(base: str, files: Files) -> dict[str, tuple[Path, str]]:
    """A file name for each, by kind and number: "model", "model 2", "projector", …"""
    named = {}
    for kind, paths in files.items():
        for number, path in enumerate(paths, 1):
            more = f"-{number:05d}-of-{len(paths):05d}" if kind == "model" and len(paths) > 1 else ""
            start = {"model": base, "projector": f"mmproj-{base}"}.get(kind, f"{kind}-{base}")
            if kind != "model" and number > 1:
                start = f"{start}-{number}"
            named[kind if number == 1 else f"{kind} {number}"] = (path, f"{start}{more}.gguf")
    return named


def _settings(served: ServedModel, names: dict[str, tuple[Path, str]], version: str) -> Settings:
    def named(kind: str) -> tuple[str, ...]:
        return tuple(name for key, (_, name) in names.items() if key.partition(" ")[0] == kind)

    parameters = {k: v for k, v in served.parameters.items() if k != "stop"}
    return Settings(
        name=served.name if tag_of(served.name) != "latest" else base_of(served.name),
        model=named("model")[0],
        projector=(*named("projector"), "none")[0],
        template=served.template,
        native=served.native,
        renderer=served.renderer or "",
        parser=served.parser or "",
        stop=tuple(map(str, served.parameters.get("stop") or ())),
        parameters=parameters,
        system=served.system,
        messages=tuple((m["role"], m["content"]) for m in served.messages),
        licenses=served.licenses,
        adapters=named("adapter"),
        draft=(*named("draft"), "")[0],
        target=f">={version}",
    )


def _write(
    folder: Path,
    names: dict[str, tuple[Path, str]],
    texts: dict[str, bytes],
    *,
    copy: bool,
    progress: Progress | None,
) -> bool:
    """Writes all of it beside the folder, then gives it its name; whether files were linked."""
    linked = not copy
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder_beside(folder) as beside:
            for path, name in names.values():
                if progress:
                    progress(Step("copy", name, 0, path.stat().st_size))
                linked = _placed(path, beside / name, link=linked)
            for name, data in texts.items():
                (beside / name).write_bytes(data)
            beside.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            beside.replace(folder)
    except OSError as e:
        raise cannot_write(e, folder) from e
    return linked


def _placed(path: Path, place: Path, *, link: bool) -> bool:
    """Links a file, or copies it where that is not possible; whether it was linked."""
    source = real_path(path)
    if link:
        with suppress(OSError):  # another file system, or a file of another user
            os.link(source, place)
            return True
    with source.open("rb") as data, place.open("wb") as out:
        copy_told(data, out, place.name, source.stat().st_size)
    return False


def _held(folder: Path, served: ServedModel) -> tuple[Diagnostic, ...]:
    """The build of the package, held to what the server has."""
    try:
        built = build(folder, write=False)
    except KitError as error:
        return error.findings
    request = request_of_build(built)
    wrong = differences(
        served,
        template=request.template if not served.native else None,
        system=request.system or "",
        parameters=request.parameters,
        messages=request.messages,
        renderer=request.renderer or "",
        parser=request.parser or "",
    )
    note = "the package differs from the model on the server"
    advice = f"correct it in {folder / PACKAGE_FILE}, or leave it if it is better so"
    different = (
        Diagnostic(NOT_THE_SAME, Severity.WARNING, f"{note}: {d.message}", help=advice) for d in wrong
    )
    return (*built.diagnostics, *different)
