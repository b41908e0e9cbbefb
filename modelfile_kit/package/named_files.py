"""The files that a package's names stand for, held to mkmodelfile.lock."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..core.diagnostics import Span
from ..core.errors import KitError, MissingDependencyError, PackageError, SourceError, UsageError
from ..core.files import MAX_TEXT_BYTES, open_file, real_path, write_atomically
from ..core.os_errors import os_reason
from ..sources.hub import HubRepository
from ..sources.name import HUB, MODELSCOPE, OLLAMA, URL, Name, is_name, near_name, parse_name
from ..sources.places import remark, remember
from ..sources.quantizations import contents_of
from ..sources.repository import COMMIT, DIGEST, UNREACHABLE, Repository, RepositoryFile
from ..sources.resolve import open_repository, resolve_in
from ..sources.text_files import CHAT_TEMPLATE_FILES, TOKENIZER_FILES, chat_template_files, tokenizer_files
from .lock_file import Locked, lock_path, lock_text, locked_file, read_lock

CHANGED = "MK489"
INCOMPLETE = "MK491"
NOT_A_NAME = "MK480"
NOT_THERE = "MK481"
CANNOT_WRITE = "MK903"

LockMode = Literal["keep", "update", "locked"]
"""keep: the lock holds, and names that it does not have are added; update: the names' present state is taken;
locked: nothing may be missing in the lock or too much, and nothing is written."""

_UPDATE = "`mkmodelfile build --update-lock` takes what is there now and shows what changes"


@dataclass(frozen=True)
class _Asked:
    """A key of the package file with a name.

    entry: its key in the lock; texts: "tokenizer" or "chat_template" where small files are meant, "" for a
    GGUF.
    """

    key: str
    name: Name
    span: Span
    entry: str
    texts: str = ""


class NamedFiles:
    """The names of one package file, one after the other; what they stand for is written at the end.

    Raises PackageError MK490 for a lock file that cannot be read.
    """

    def __init__(self, file: Path, mode: LockMode = "keep") -> None:
        """file: the package file, beside which the lock is."""
        self._file = file
        self._folder = file.absolute().parent
        self._path = lock_path(file)
        self._mode: LockMode = mode
        self._old: dict[str, Locked] | None = None
        self._new: dict[str, Locked] = {}
        self._places: dict[str, Path] = {}
        self._failed: set[str] = set()
        self._listed: dict[tuple[str, str], HubRepository] = {}
        self._partial: dict[str, str] = {}

    def is_named(self, value: str) -> bool:
        """Whether a value is a name; a file of the same path comes first."""
        return is_name(value) and not (self._folder / value).exists()

    def place(self, value: str, key: str, span: Span, entry: str) -> Path:
        """Where the file of a name lies, or will lie.

        key: of the package file, `variants.q8_0.model` for a deeper one; span: of the value, for errors;
        entry: its key in the lock.
        Raises PackageError where the name leads to no file, or not to the one that is locked (MK489).
        """
        texts = key if key in ("tokenizer", "chat_template") else ""
        try:
            asked = _Asked(key, parse_name(value), span, entry, texts)
        except KitError as e:
            raise PackageError(f"`{key}`: {e}", span=span, help=e.help, code=e.code) from e
        try:
            if entry not in self._places:
                self._places[entry] = self._place(asked)
            return self._places[entry]
        except PackageError:
            self._failed.add(asked.entry)
            raise
        except KitError as e:
            self._failed.add(asked.entry)
            raise PackageError(f"`{key}`: {e}", span=span, help=e.help, code=e.code) from e

    def check_path(self, value: str, key: str, span: Span) -> None:
        """Raises PackageError MK480 for a path that was meant as a name, and is no file."""
        if (meant := near_name(value)) and not (self._folder / value).exists():
            message = f"`{key}`: {value!r} is no name, and there is no such file"
            raise PackageError(message, span=span, help=meant, code=NOT_A_NAME)

    def finish(self) -> None:
        """Writes the lock where it changed, and says so.

        A folder that cannot be written into is told, and the names stay unlocked. Raises UsageError for it
        where the lock is to be updated, PackageError MK491 where nothing may change.
        """
        if not self._new and (self._mode != "update" or self._failed or not self._path.exists()):
            return  # a lock beside a package without names is nobody's harm
        old = self._locked if self._mode != "update" else self._before()
        for key, why in self._partial.items():
            # The cache has a part of the repository: which projectors there are is not known from it.
            remark(f"{self._path.name}, {key}", f"not locked: only the cache was read ({why})")
            del self._new[key]
        # What could not be looked at is no reason to forget what it was.
        unseen = self._failed | self._partial.keys()
        new = self._new | {key: old[key] for key in unseen if key in old}
        if new == old:
            if self._mode == "update":
                remark(self._path.name, "nothing has changed")
            return
        if self._mode == "locked":
            keys = ", ".join(f"`{key}`" for key in sorted(old.keys() - new.keys()))
            raise PackageError(
                f"the lock has {keys}, where the package file has no name",
                span=Span(str(self._path)),
                help="leave --locked out once and commit the new lock",
                code=INCOMPLETE,
            )
        if self._mode == "keep":
            self._none_wrote_meanwhile(old, new)
        try:
            if new:
                write_atomically(self._path, lock_text(new, self._file.name).encode())
            else:
                self._path.unlink()
        except OSError as e:
            if self._mode == "update":
                raise UsageError(
                    f"the lock cannot be written: {os_reason(e)}",
                    span=Span(str(self._path)),
                    help="correct the permissions of the folder",
                    code=CANNOT_WRITE,
                ) from e
            remark(self._path.name, f"cannot be written ({os_reason(e)}), so the names are not locked")
            return
        self._tell(old, new)

    def _none_wrote_meanwhile(self, old: dict[str, Locked], new: dict[str, Locked]) -> None:
        """Raises PackageError MK489 where another command has just locked another state."""
        now = read_lock(self._path)
        other = sorted(key for key in now if now[key] != old.get(key) and now[key] != new.get(key))
        if other:
            raise PackageError(
                f"another command has just locked another state of {', '.join(f'`{key}`' for key in other)}",
                span=Span(str(self._path)),
                help="run this one again: it takes what is locked now",
                code=CHANGED,
            )

    # -- one name ------------------------------------------------------------------------------------------

    @property
    def _locked(self) -> dict[str, Locked]:
        if self._old is None:
            self._old = read_lock(self._path)
        return self._old

    def _before(self) -> dict[str, Locked]:
        """What an update replaces; a lock that cannot be read is replaced whole."""
        try:
            return self._locked
        except PackageError:
            return {}

    def _place(self, asked: _Asked) -> Path:
        old = self._locked.get(asked.entry) if self._mode != "update" else None
        if old is None and self._mode == "locked":
            raise PackageError(
                f"`{asked.key}`: {asked.name.text} is not in {self._path.name}, and --locked writes nothing",
                span=asked.span,
                help="leave --locked out once and commit the lock",
                code=INCOMPLETE,
            )
        if old is None:
            repository, one = self._found(asked)
            if isinstance(repository, HubRepository) and repository.from_cache:
                self._partial[asked.entry] = repository.from_cache
        else:
            if old.name != asked.name.text:
                was = f"the lock is for another name, {old.name}"
                raise self._changed(asked, was)
            repository, one = self._as_locked(asked, old), old
        self._new[asked.entry] = one
        remember(repository, (*one.files, *one.projectors))
        if asked.texts and not one.files[0].path.lower().endswith(".gguf"):
            return self._texts(asked, repository, one)
        return repository.place(one.files[0])

    def _found(self, asked: _Asked) -> tuple[Repository, Locked]:
        """What a name stands for now."""
        repository = self._open(asked.name)
        projectors: tuple[RepositoryFile, ...] = ()
        if _means_texts(asked, repository):
            choose = tokenizer_files if asked.texts == "tokenizer" else chat_template_files
            files = choose(repository) if repository.name.kind != URL else repository.files()
            if not files:
                known = TOKENIZER_FILES if asked.texts == "tokenizer" else CHAT_TEMPLATE_FILES
                raise SourceError(
                    f"no {asked.texts.replace('_', ' ')} {asked.name.file or 'in this repository'}",
                    span=Span(repository.title),
                    help=f"expected one of {', '.join(known)}; those with GGUF files alone have none",
                    code=NOT_THERE,
                )
            for file in files:
                _fetch_text(repository, file)
            title = repository.title if repository.name.kind == URL else f"{repository.title}/{files[0].path}"
        else:
            resolved = resolve_in(repository)
            files, projectors, title = resolved.parts, resolved.projectors, resolved.title
        revision = repository.revision
        kept = (tuple(_with_digest(repository, file) for file in some) for some in (files, projectors))
        return repository, Locked(asked.name.text, title, revision, *kept)

    def _open(self, name: Name) -> Repository:
        """The repository of a name; names of one repository have one state of it."""
        repository = open_repository(name)
        if not isinstance(repository, HubRepository):
            return repository
        key = name.repository, name.revision
        if (whole := self._listed.get(key)) is None:
            # With a file and a commit the hub would be content with what the cache has of the repository.
            whole = HubRepository(replace(name, file="", folder="", quantization=""))
            self._listed[key] = whole
        if not whole.from_cache:
            repository.settle(whole.revision, whole.files())
        return repository

    def _as_locked(self, asked: _Asked, old: Locked) -> Repository:
        """The repository in the state that is locked. Raises PackageError MK489 where it is another one."""
        name, files = open_repository(asked.name).name, (*old.files, *old.projectors)
        by_commit = asked.name.kind == HUB and COMMIT.fullmatch(old.revision) is not None
        if name.kind == HUB and not by_commit:
            raise self._changed(asked, f"the lock has {old.revision!r}, which is no commit")
        if name.kind == URL and by_commit:
            raise MissingDependencyError(
                f"{asked.name.text} is locked by a commit, which needs the package huggingface_hub",
                help="`pip install 'modelfile-kit[hub]'`",
            )
        if name.kind == OLLAMA and not (DIGEST.fullmatch(old.revision) and all(f.digest for f in files)):
            raise self._changed(asked, "the lock has no digests")
        inside = name if name.kind in (URL, OLLAMA) else replace(name, folder="", quantization="")
        if name.kind == HUB:
            inside = replace(inside, revision=old.revision)
        if name.kind in (HUB, MODELSCOPE):
            inside = replace(inside, file=old.files[0].path)
        repository = open_repository(inside)
        repository.settle(old.revision, files)
        here = [repository.local(file) for file in old.files]
        for file, place in zip(old.files, here, strict=True):
            if place is not None and (what := _differs(file, place)):
                raise self._changed(asked, f"{place} {what}")
        if None in here:
            self._ask(asked, old, inside)
        return repository

    def _ask(self, asked: _Asked, old: Locked, inside: Name) -> None:
        """Asks the source whether it still has what is locked."""
        # With a file the hub would be content with what the cache has of this commit.
        source = self._open(inside if inside.kind == URL else replace(inside, file=""))
        if source.name.kind == URL:
            if source.revision != old.revision:
                raise self._changed(asked, f"its server has another state of it, {source.revision}")
            return
        there = {file.path: file for file in source.files()}
        for file in old.files:
            now = there.get(file.path)
            if now is None and isinstance(source, HubRepository) and source.from_cache:
                raise SourceError(
                    f"{file.path} is not in the cache as it is locked, and {source.from_cache}",
                    span=Span(source.title),
                    help="fetch it while there is a connection",
                    code=UNREACHABLE,
                )
            if now is None:
                raise self._changed(asked, f"{file.path} is not there any more")
            if now.digest and file.digest and now.digest != file.digest:
                raise self._changed(asked, f"{file.path} is now {now.digest}, locked is {file.digest}")
            if None not in (now.size, file.size) and now.size != file.size:
                raise self._changed(
                    asked, f"{file.path} has now {now.size:,} bytes, locked are {file.size:,}"
                )

    def _texts(self, asked: _Asked, repository: Repository, one: Locked) -> Path:
        """Fetches small files, and holds them to what is locked."""
        for file in one.files:
            _fetch_text(repository, file)
            if what := _differs(file, repository.place(file)):
                raise self._changed(asked, f"{repository.place(file)} {what}")
        first = repository.place(one.files[0])
        return first.parent if asked.texts == "tokenizer" and not asked.name.file else first

    def _changed(self, asked: _Asked, what: str) -> PackageError:
        return PackageError(
            f"`{asked.key}`: {asked.name.text} is not what {self._path.name} says: {what}",
            span=asked.span,
            help=_UPDATE,
            code=CHANGED,
        )

    # -- what is said --------------------------------------------------------------------------------------

    def _tell(self, old: dict[str, Locked], new: dict[str, Locked]) -> None:
        if not old:
            remark(self._path.name, "written: what the names stand for; commit it with the package")
            return
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                remark(f"{self._path.name}, {key}", _change(old.get(key), new.get(key)))


def _change(old: Locked | None, new: Locked | None) -> str:
    if new is None:
        return "removed: the package file has no name there"
    if old is None:
        return f"added: {new.title} at {_short(new.revision)}"
    parts = []
    if old.name != new.name:
        parts.append(f"another name: {old.name} became {new.name}")
    if old.title != new.title:
        parts.append(f"{old.title} became {new.title}")
    if old.revision != new.revision:
        parts.append(f"revision {_short(old.revision)} became {_short(new.revision)}")
    before, after = ({file.path: file for file in one.files + one.projectors} for one in (old, new))
    changed = [path for path in before.keys() & after.keys() if before[path] != after[path]]
    names = (
        ("other contents", sorted(changed)),
        ("new", sorted(after.keys() - before.keys())),
        ("gone", sorted(before.keys() - after.keys())),
    )
    parts += [f"{what}: {', '.join(paths)}" for what, paths in names if paths]
    if old.revision != new.revision and before == after:
        parts.append("the same files")
    return "; ".join(parts) or "written anew"


def _short(revision: str) -> str:
    return revision[:12] if COMMIT.fullmatch(revision) else revision


def _means_texts(asked: _Asked, repository: Repository) -> bool:
    """Whether a name in `tokenizer` or `chat_template` means small files, and not a GGUF's header."""
    name = asked.name
    if asked.texts != "chat_template":
        return bool(asked.texts)
    if name.file or name.kind == URL:
        return not name.file.lower().endswith(".gguf")
    if name.quantization or name.kind == OLLAMA:
        return False
    there = contents_of(repository.files())
    return not (there.models or there.projectors)


def _fetch_text(repository: Repository, file: RepositoryFile) -> None:
    if repository.local(file) is not None:
        return
    size = file.size
    if size is None:
        source = repository.open(file)
        try:
            source.read(1)
            size = source.size
        finally:
            source.close()
    if (size or 0) > MAX_TEXT_BYTES:
        raise SourceError(
            f"{file.path} is larger than {MAX_TEXT_BYTES >> 20} MiB, expected a small text file",
            span=Span(repository.title),
            help="name another file",
            code=NOT_THERE,
        )
    repository.fetch(file)


def _with_digest(repository: Repository, file: RepositoryFile) -> RepositoryFile:
    """The file with its digest where that can be known without reading much."""
    # ModelScope's files lie in a folder of the digest that its list says.
    place = repository.local(file) if not file.digest and repository.name.kind in (HUB, URL) else None
    if place is None:
        return locked_file(file.path, file.size, file.digest)
    return locked_file(file.path, place.stat().st_size, _digest_of(place))


def _differs(file: RepositoryFile, place: Path) -> str:
    """How a file on this machine differs from what is locked, "" where it does not."""
    size = place.stat().st_size
    if file.size is not None and size != file.size:
        return f"has {size:,} bytes, locked are {file.size:,}: remove it to have it fetched again"
    digest = _digest_of(place) if file.digest else ""
    if digest and digest != file.digest:
        return f"is {digest}, locked is {file.digest}: remove it to have it fetched again"
    return ""


def _digest_of(place: Path) -> str:
    """Of a file's contents; of a large one as its cache names it, "" where that says none."""
    if place.stat().st_size <= MAX_TEXT_BYTES:
        digest = hashlib.sha256()
        with open_file(place) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return f"sha256:{digest.hexdigest()}"
    name = real_path(place).name.removeprefix("sha256-")
    return f"sha256:{name}" if re.fullmatch(r"[0-9a-f]{64}", name) else ""
