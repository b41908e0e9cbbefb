"""From a name to files: `resolve` is what the rest of the kit calls."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Span
from ..core.errors import MissingDependencyError, SourceError
from ..core.later import later
from .byte_source import FileSource, HTTPSource, Source
from .name import HUB, MODELSCOPE, OLLAMA, PATH, URL, Name, parse_name
from .places import open_remote, remark, remember, remote
from .repository import NOT_THERE, Repository, RepositoryFile, Told

if TYPE_CHECKING:
    from . import hub, modelscope, ollama, quantizations, web
    from .quantizations import Choice, Contents
else:
    hub = later("modelfile_kit.sources.hub")
    modelscope = later("modelfile_kit.sources.modelscope")
    ollama = later("modelfile_kit.sources.ollama")
    quantizations = later("modelfile_kit.sources.quantizations")
    web = later("modelfile_kit.sources.web")


@dataclass(frozen=True)
class Resolved:
    """What a name stands for.

    path: where the file lies on this machine, or will lie; of a split model the first part. repository: None
    for a path. parts: the files that were chosen, one but for split models; projectors: files of the same
    repository that are projectors by their names; why: why these were chosen, "" where the name says it.
    """

    name: Name
    path: Path
    repository: Repository | None = None
    parts: tuple[RepositoryFile, ...] = ()
    projectors: tuple[RepositoryFile, ...] = ()
    why: str = ""

    @property
    def title(self) -> str:
        """For people: the path, the URL, or the repository and the file in it."""
        if self.repository is None or self.name.kind == URL:
            return self.name.text
        return f"{self.repository.title}/{self.parts[0].path}"

    @property
    def revision(self) -> str:
        """Of the repository, "" for a path."""
        return self.repository.revision if self.repository else ""

    @property
    def digest(self) -> str:
        """Of the file, or of the first part; "" where the source says none."""
        return self.parts[0].digest if self.parts else ""

    @property
    def size(self) -> int | None:
        """Of all parts, in bytes; None while that is not known."""
        sizes = [part.size for part in self.parts]
        return None if not sizes or None in sizes else sum(size or 0 for size in sizes)

    def open(self) -> Source:
        """The file, or the first part: from this machine where it is here, else by ranges."""
        if self.repository is None:
            return FileSource(self.path)
        return self.repository.open(self.parts[0])

    def fetch(self, told: Told | None = None) -> Path:
        """Brings all parts here where they are not yet, and returns the path of the first.

        told: bytes of this name that are there, and in all.
        """
        if self.repository is None:
            return self.path
        before = 0
        for part in self.parts:
            self.repository.fetch(part, _shifted(told, before, self.size))
            before += part.size or 0
        return self.path

    def to_dict(self) -> dict[str, Any]:
        """What a lock file or a report keeps of it."""
        return {
            "name": self.name.text,
            "title": self.title,
            "revision": self.revision,
            "files": [{"path": p.path, "size": p.size, "digest": p.digest} for p in self.parts],
        }


def open_repository(name: Name) -> Repository:
    """The repository of a name that is no path. Raises as the repositories do."""
    if name.kind == HUB:
        try:
            return hub.HubRepository(name)
        except MissingDependencyError:
            if not (name.address and name.file):
                raise
            # A file's own address can be read without the library, as any other can.
            return web.WebFile(replace(name, kind=URL, address=hub.file_address(name)))
    if name.kind == MODELSCOPE:
        return modelscope.ModelScopeRepository(name)
    if name.kind == OLLAMA:
        return ollama.OllamaModel(name)
    return web.WebFile(name)


def resolve(text: str | os.PathLike[str]) -> Resolved:
    """The files that a name means; its place can be read from then on as a path can.

    A path is returned as it is, there or not. Raises SourceError where the name is none (MK480), or leads to
    no one file (`repository`, `quantizations`); MissingDependencyError without the extra `hub`.
    """
    name = parse_name(os.fspath(text))
    if name.kind == PATH:
        _say_which(name)
        return Resolved(name, Path(text))
    return resolve_in(open_repository(name))


def resolve_in(repository: Repository) -> Resolved:
    """The files that a repository's own name means. Raises as `resolve` does."""
    name = repository.name
    if isinstance(repository, web.WebFile):
        file = repository.files()[0]
        remember(repository, [file])
        return Resolved(repository.name, repository.place(file), repository, (file,))
    contents = quantizations.contents_of(repository.files())
    choice, why = _chosen(name, contents, repository)
    remember(repository, (*choice.parts, *contents.projectors))
    if why and why != quantizations.ONLY_ONE:
        remark(f"{repository.title}/{choice.file.path}", why)
    return Resolved(name, repository.place(choice.file), repository, choice.parts, contents.projectors, why)


def exact_name(repository: Repository, file: RepositoryFile) -> str:
    """The name of one file in the state in which it was found."""
    name = repository.name
    if name.kind in (HUB, MODELSCOPE):
        commit = replace(name, revision=repository.revision)
        revision = repository.revision if commit.is_commit else name.revision
        return str(replace(name, revision=revision, file=file.path, folder="", quantization=""))
    return str(name)


def place_of(text: str | os.PathLike[str]) -> Path:
    """The path that a name stands for: itself, or where its file lies or will lie. Raises as `resolve`."""
    return resolve(text).path


def open_source(text: str | os.PathLike[str]) -> Source:
    """Opens what a name means, to read it from its beginning.

    Raises GGUFError MK402 where there is nothing to read, and as `resolve` does.
    """
    if (found := remote(text)) is not None:
        return open_remote(found, str(text))
    name = parse_name(os.fspath(text))
    if name.kind == PATH:
        _say_which(name)
        return FileSource(Path(text))
    if name.kind == URL:
        return HTTPSource(name.address)
    repository = open_repository(name)
    if isinstance(repository, web.WebFile):
        return HTTPSource(repository.name.address, name=name.text)
    resolved = resolve_in(repository)
    found = remote(resolved.path)
    return open_remote(found, resolved.title) if found else FileSource(resolved.path)


def _chosen(name: Name, contents: Contents, repository: Repository) -> tuple[Choice, str]:
    """The named file with the other parts of its model, or the one of a quantization."""
    if not name.file:
        return quantizations.choose(contents, name, repository.title)
    for choice in contents.models:
        if name.file in {part.path for part in choice.parts}:
            named = [p for p in choice.parts if p.path == name.file]
            if named[0] is choice.file:
                return choice, ""
            return quantizations.Choice(choice.name, choice.stem, tuple(named)), ""
    for file in repository.files():
        if file.path == name.file:
            return quantizations.Choice("", "", (file,)), ""
    there = ", ".join(f.path for f in repository.files() if f.path.lower().endswith(".gguf"))
    raise SourceError(
        f"has no file {name.file!r}",
        span=Span(repository.title),
        help=f"its GGUF files are {there}" if there else "it has no GGUF file",
        code=NOT_THERE,
    )


def _say_which(name: Name) -> None:
    if name.also_name:
        remark(name.text, "a file of this path is here and was taken; hf:// or ms:// before it means the hub")


def _shifted(told: Told | None, before: int, size: int | None) -> Told | None:
    if told is None:
        return None
    return lambda done, total: told(before + done, size or total)
