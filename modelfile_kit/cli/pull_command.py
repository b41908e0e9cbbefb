"""`mkmodelfile pull`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from ..core.errors import UsageError
from ..core.file_kinds import PACKAGE_ENDINGS, has_ending
from ..core.foreign_text import shown
from ..core.interrupts import terminated_as_interrupted
from ..core.progress import tell_step
from ..core.sizes import size_text
from ..core.urls import shown_url
from ..gguf_file import read_header
from ..gguf_file.projector_choice import find_projector
from ..gguf_file.split import split_of
from ..package.package import Package, load_package
from ..package.variants import variant_packages
from ..report import Report
from ..sources.connections import CONNECTIONS, MOST_CONNECTIONS, connections
from ..sources.download import free_bytes, no_room, still_missing
from ..sources.fetched import fetch_to, version_of
from ..sources.name import near_name
from ..sources.places import known
from ..sources.quantizations import is_projector
from ..sources.repository import Repository, RepositoryFile
from ..sources.resolve import Resolved, resolve
from .command import Command
from .common import format_option, patience_options, print_report, say, write_report_files
from .output import show
from .progress import fetch_progress

AUTO, NONE, ALL = "auto", "none", "all"
_TOKENIZER_FILES = frozenset(
    {
        *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json"),
        *("added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json"),
        "generation_config.json",
    }
)


@dataclass(frozen=True)
class Item:
    """A file that is wanted, and where it will lie."""

    repository: Repository
    file: RepositoryFile
    place: Path

    @property
    def title(self) -> str:
        """For people."""
        single = self.repository.title.startswith(("http://", "https://"))
        return self.repository.title if single else f"{self.repository.title}/{self.file.path}"


@click.command(
    "pull",
    cls=Command,
    examples=(
        "mkmodelfile pull hf.co/unsloth/Qwen3-VL-8B-Instruct-GGUF:Q4_K_M",
        "mkmodelfile pull hf.co/ORG/REPO --output models --projector none",
        "mkmodelfile pull ./my-package",
        "mkmodelfile pull ollama://gemma3:4b --dry-run",
    ),
)
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Put the files there, under their own names; by default into the cache, for every command.",
)
@click.option(
    "--projector",
    metavar="FILE",
    default=AUTO,
    show_default=True,
    help="This one of the repository's projectors; `auto`: the one that a build would take; `none`; `all`.",
)
@click.option("--tokenizer", is_flag=True, help="Also the tokenizer's files and chat template beside it.")
@click.option(
    "--connections",
    "count",
    type=click.IntRange(1, MOST_CONNECTIONS),
    default=CONNECTIONS,
    show_default=True,
    metavar="N",
    help="So many at once, of a large file.",
)
@click.option("--dry-run", is_flag=True, help="List the files with their sizes; fetch nothing.")
@patience_options
@format_option
def command(
    names: tuple[str, ...],
    output: Path | None,
    projector: str,
    tokenizer: bool,
    count: int,
    dry_run: bool,
    output_format: str,
) -> None:
    """Fetch the files of each NAME: a name of a model, or a package whose files have names.

    Of a repository the chosen quantization is fetched with all its parts, and its projector. After a break,
    also of the machine, the same command goes on where it was. A file appears under its name only when it is
    whole, and has the size and, of a large file, the SHA-256 of the hub's list.
    """
    with ExitStack() as stack:
        stack.enter_context(connections(count))
        items = _placed([f for name in names for f in _files_of(name, projector, tokenizer)], output)
        missing = [i for i in items if not i.place.is_file()]
        _must_have_room(missing)
        if not dry_run:
            _fetch(missing, stack)
        if output_format == "text":
            for item in items:
                show(_line(item) if dry_run else str(item.place))
        if not items:
            say("every file of the package is named by a path: nothing to fetch")
        elif dry_run:
            say(f"{size_text(_sum(missing))} to fetch of {size_text(_sum(items))}")
        files = [
            {
                "name": item.title,
                "place": str(item.place),
                "size": item.file.size,
                "digest": item.file.digest,
                "here": item.place.is_file(),
            }
            for item in items
        ]
        report = Report("pull", " ".join(map(shown_url, names)), facts={"files": files})
        if output_format == "text":
            write_report_files(report)
        else:
            print_report(report, output_format)


def _fetch(missing: Sequence[Item], stack: ExitStack) -> None:
    stack.enter_context(terminated_as_interrupted())
    told = stack.enter_context(fetch_progress())
    before, total = 0, _sum(missing)
    for item in missing:

        def tell(done: int, _size: int, item: Item = item, before: int = before) -> None:
            if told is not None:
                told(item.title, before + done, total)

        fetch_to(item.repository, item.file, item.place, tell)
        before += item.file.size or 0


# -- which files ---------------------------------------------------------------------------------------------


def _files_of(name: str, projector: str, tokenizer: bool) -> list[tuple[Repository, RepositoryFile]]:
    path = Path(name)
    if path.is_dir() or has_ending(path, PACKAGE_ENDINGS):
        return _of_package(load_package(path))
    found = resolve(name)
    if found.repository is None:
        raise UsageError(
            f"{shown(name)} is a path, expected a name such as hf.co/ORG/REPO, or a package",
            help=near_name(name) or "`mkmodelfile pull --help` has examples",
        )
    repository = found.repository
    files = [*found.parts, *_projectors(found, projector)]
    if tokenizer:
        files += [f for f in repository.files() if f.path in _TOKENIZER_FILES]
    return [(repository, file) for file in files]


def _projectors(found: Resolved, wanted: str) -> Sequence[RepositoryFile]:
    there = () if is_projector(found.parts[0].path) else found.projectors
    if wanted == ALL:
        return there
    if wanted not in (AUTO, NONE):
        named = [f for f in there if wanted in (f.path, f.name)]
        if not named:
            names = ", ".join(f.path for f in there) or "none"
            raise UsageError(
                f"{found.title}: there is no projector {wanted!r} beside it",
                help=f"there are {names}; or give `auto`, `none` or `all`",
            )
        return named
    taken: Sequence[RepositoryFile] = ()
    if wanted == AUTO and there:
        chosen = find_projector(found.path)
        place = known(chosen.path) if chosen.path is not None else None
        taken = [place.file] if place is not None else []
        if place is not None:
            say(f"{shown(place.file.name)}: {shown(chosen.reason)}")
    left = [f.name for f in there if f not in taken]
    if left:
        say(f"not fetched: {shown(', '.join(left))} (--projector all, or one of these names)")
    return taken


def _of_package(package: Package) -> list[tuple[Repository, RepositoryFile]]:
    """The files of all variants that a name stands for, each once."""
    paths: dict[Path, None] = {}
    for one in variant_packages(package):
        if one.problem is not None:
            raise one.problem
        header = read_header(one.model)
        split = split_of(header)
        paths |= dict.fromkeys(split.parts if split and split.parts else (one.model,))
        if one.projector == AUTO:
            chosen = find_projector(one.model, model=header).path
            paths |= {chosen: None} if chosen is not None else {}
        elif isinstance(one.projector, Path):
            paths[one.projector] = None
        paths |= dict.fromkeys((*one.adapters, *([one.draft] if one.draft else [])))
    found = [known(path) for path in paths]
    return [(f.repository, f.file) for f in found if f is not None]


# -- where they go -------------------------------------------------------------------------------------------


def _placed(files: Iterable[tuple[Repository, RepositoryFile]], folder: Path | None) -> list[Item]:
    items: dict[Path, Item] = {}
    for repository, file in files:
        if folder is None:
            repository.local(file)  # which may give a blob that is here its name
        item = Item(repository, file, repository.place(file) if folder is None else folder / file.name)
        other = items.setdefault(item.place, item)
        if (other.title, other.file) != (item.title, item.file):
            raise UsageError(
                f"{shown(other.title)} and {shown(item.title)} would both be {item.place}",
                help="pull them one by one, each to a folder of its own",
            )
        if folder is not None and item.place.exists() and not _same(item):
            raise UsageError(
                f"{item.place} exists already, and is not {shown(item.title)}",
                help="remove it, or give another folder with --output",
            )
    return list(items.values())


def _same(item: Item) -> bool:
    """Whether what lies there already has the digest of the list; of small files the hub lists git's."""
    size, listed = item.file.size, item.file.digest or item.file.etag
    if not item.place.is_file() or item.place.stat().st_size != size:
        return False
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with item.place.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
            git.update(block)
            tell_step("hash", item.file.name, stream.tell(), size)
    return listed in (f"sha256:{sha256.hexdigest()}", git.hexdigest())


def _must_have_room(missing: Sequence[Item]) -> None:
    """All of them, before the first one is fetched."""
    need: dict[Path, int] = {}
    for item in missing:
        need[item.place.parent] = need.get(item.place.parent, 0) + _still_missing(item)
    for folder, count in need.items():
        if count > (free := free_bytes(folder)):
            raise no_room(
                ", ".join(i.title for i in missing if i.place.parent == folder), count, free, folder
            )


def _still_missing(item: Item) -> int:
    loose = item.place != item.repository.place(item.file)
    return still_missing(item.place, item.file, version=version_of(item.repository), loose=loose)


def _sum(items: Sequence[Item]) -> int:
    return sum(item.file.size or 0 for item in items)


def _line(item: Item) -> str:
    size = "?" if item.file.size is None else size_text(item.file.size)
    here = ", is here" if item.place.is_file() else ""
    return f"{size:>10}  {shown(item.title)} -> {item.place}{here}"
