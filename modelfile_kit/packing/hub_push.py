"""Sends a build to a repository on Hugging Face's hub, in one commit, and loses nothing that others wrote.

The library huggingface_hub talks to the hub. What is in the repository is compared first: equal files are not
sent again, and a file that somebody else wrote, or changed, is not overwritten unawares. Which files are the
kit's own stands in the repository itself, in `.mkmodelfile.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..building.build import Build, default_output
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import ServerError, UsageError
from ..core.files import read_file
from ..core.foreign_text import shown
from ..core.progress import Progress, Step
from ..core.version import __version__
from ..publish.blobs import digest_file
from ..sources.places import remote as remote_file
from .bring_here import bring_here
from .hub_client import ODD_ANSWER, HubClient, Remote
from .hub_files import FOLDER, SETTINGS, HubFiles, hub_files
from .model_card import CARD, MAX_CARD, write_card

NO_REPOSITORY = "MK897"
FOREIGN_FILES = "MK899"
OTHER_PROJECTORS = "MK546"
SETTINGS_OF_ALL = "MK547"

LEDGER = ".mkmodelfile.json"
MAX_LEDGER = 1 << 20
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}"
_REPOSITORY = re.compile(rf"{_PART}/{_PART}")

# What becomes of a file.
NEW, CHANGED, SAME, KEPT, REMOVED, FOREIGN = "new", "changed", "same", "kept", "removed", "foreign"


@dataclass(frozen=True)
class Contents:
    """What is sent for one file: its bytes or where they are, their size and SHA-256 (hexadecimal)."""

    source: bytes | Path
    size: int
    sha256: str

    @property
    def blob(self) -> str:
        """Git's own name of the contents, by which the hub knows small files; "" for a large file."""
        if isinstance(self.source, Path):
            return ""
        return hashlib.sha1(b"blob %d\0" % self.size + self.source, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class PlannedFile:
    """A file of the repository. what: NEW, CHANGED, SAME, KEPT, REMOVED or FOREIGN; size: in bytes."""

    name: str
    what: str
    size: int


@dataclass(frozen=True)
class HubPush:
    """What was sent, or would be.

    url: of the repository; name: by which Ollama pulls it; files: every file that plays a part; created:
    whether the repository is new; commit: the new one, "" where nothing was sent; diagnostics: what the hub
    does not carry, and what of others' plays a part.
    """

    url: str
    name: str
    files: tuple[PlannedFile, ...]
    created: bool
    commit: str
    diagnostics: tuple[Diagnostic, ...]

    @property
    def to_send(self) -> int:
        """Bytes of the files that are new or changed."""
        return sum(file.size for file in self.files if file.what in (NEW, CHANGED))


def push_to_hub(
    built: Build,
    repository: str,
    *,
    create: bool = False,
    private: bool = False,
    dry_run: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> HubPush:
    """Sends a build to ORG/REPO on the hub (HF_ENDPOINT, HF_TOKEN or `hf auth login`).

    create: makes the repository if there is none, private if that is asked. dry_run: asks and compares, and
    sends nothing. overwrite: also files that others wrote or changed, the model card excepted.
    Raises BuildError where the hub would serve another model, UsageError for a name that is none, files of
    others (MK899) and a lacking or weak token, ServerError for what the hub refuses.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"{shown(repository)!r} names no repository of the hub",
            help="write ORG/REPO, or hf.co/ORG/REPO: letters, digits, `-`, `_` and `.`",
            code=NO_REPOSITORY,
        )
    made = hub_files(built)
    with HubClient(repository) as client:
        client.sign_in(to_write=not dry_run)
        remote = client.look()
        created = remote is None
        if remote is None and not create:
            raise _no_repository(repository)
        if not dry_run:
            bring_here(built, progress=progress)
        ledger = _read_ledger(client, remote) if remote else {}
        contents = _contents(built, made, repository, progress)
        files = plan_files(contents, remote or Remote(""), ledger, overwrite=overwrite)
        if foreign := [file.name for file in files if file.what == FOREIGN]:
            raise _foreign(repository, foreign)
        commit = ""
        if not dry_run:
            if remote is None:
                client.api.create_repo(repository, private=private)
                remote = client.look() or Remote("")
            commit = _commit(client, contents, files, remote, ledger, progress)
    found = (*made.diagnostics, *_beside(remote, made, files, repository))
    name = f"hf.co/{repository}" + (f":{made.label}" if made.label else "")
    return HubPush(f"{client.endpoint}/{repository}", name, files, created, commit, found)


def plan_files(
    contents: Mapping[str, Contents],
    remote: Remote,
    ledger: Mapping[str, Sequence[str]],
    *,
    overwrite: bool = False,
) -> tuple[PlannedFile, ...]:
    """What becomes of every file.

    contents: ours, by name; ledger: for each file that the kit wrote, the hub's names of its contents.
    A setting (`template`, `system`, `params`) that this build does not have is removed: the hub would go on
    using it.
    """
    planned = []
    for name, ours in contents.items():
        there = remote.files.get(name)
        if there is None:
            what = NEW
        elif there in (ours.sha256, ours.blob):
            what = SAME
        elif name == CARD and there not in ledger.get(name, ()):
            what = KEPT
        elif there in ledger.get(name, ()) or overwrite:
            what = CHANGED
        else:
            what = FOREIGN
        planned.append(PlannedFile(name, what, ours.size))
    for name in SETTINGS:
        if name in remote.files and name not in contents:
            owned = remote.files[name] in ledger.get(name, ())
            what = REMOVED if owned or overwrite else FOREIGN
            planned.append(PlannedFile(name, what, remote.sizes.get(name, 0)))
    return tuple(planned)


def _contents(
    built: Build, made: HubFiles, repository: str, progress: Progress | None
) -> dict[str, Contents]:
    found: dict[str, Contents] = {}
    for name, file in made.files.items():
        found_there = remote_file(file)
        if found_there is not None:  # in a dry run, which fetches nothing
            there = found_there.file
            found[name] = Contents(file, there.size or 0, there.digest.removeprefix("sha256:"))
            continue
        digest, _ = digest_file(file, progress=progress)
        found[name] = Contents(file, file.stat().st_size, digest.removeprefix("sha256:"))
    texts = {**made.texts, CARD: _card(built, made, repository)}
    for name, data in texts.items():
        found[name] = Contents(data, len(data), hashlib.sha256(data).hexdigest())
    return found


def _card(built: Build, made: HubFiles, repository: str) -> bytes:
    """The model card: as edited in the built folder, else that of the build, with the repository's name."""
    stub = write_card(built, made.label)
    edited = made.texts[CARD]
    with contextlib.suppress(OSError):
        edited = read_file(default_output(built.package) / FOLDER / CARD, MAX_CARD)
    return write_card(built, made.label, repository) if edited == stub else edited


def _commit(
    client: HubClient,
    contents: Mapping[str, Contents],
    files: Sequence[PlannedFile],
    remote: Remote,
    ledger: Mapping[str, Sequence[str]],
    progress: Progress | None,
) -> str:
    """Sends what is new in one commit, and sees that it is there; "" where there is nothing to send."""
    send = [file.name for file in files if file.what in (NEW, CHANGED)]
    remove = [file.name for file in files if file.what == REMOVED]
    if not send and not remove:
        return ""
    library, repository = client.library, client.repository
    operations = [library.CommitOperationDelete(path_in_repo=name) for name in remove]
    for name in send:
        source = contents[name].source
        data = source if isinstance(source, bytes) else str(source)
        operations.append(library.CommitOperationAdd(path_in_repo=name, path_or_fileobj=data))
    book = _ledger_bytes(contents, files, ledger, remote)
    operations.append(library.CommitOperationAdd(path_in_repo=LEDGER, path_or_fileobj=book))
    if progress is not None:
        progress(Step("upload", repository, 0, sum(contents[name].size for name in send)))
    info = client.api.create_commit(
        repository,
        operations,
        commit_message=f"Upload {_about(files)} with mkmodelfile {__version__}",
        parent_commit=remote.commit or None,
    )
    commit = str(info.oid)
    after = client.look(commit)
    missing = [
        name
        for name in send
        if after is None or after.files.get(name) not in (contents[name].sha256, contents[name].blob)
    ]
    if missing:
        raise ServerError(
            f"{repository}: the hub made the commit {commit[:12]} without {', '.join(missing)}",
            help="a `.gitignore` in the repository can leave files out; change it there, then push again",
            code=ODD_ANSWER,
        )
    return commit


def _about(files: Sequence[PlannedFile]) -> str:
    """What a commit is about: the model's file."""
    models = [f.name for f in files if f.name.endswith(".gguf") and "mmproj" not in f.name]
    return models[0] if models else "a model"


def _read_ledger(client: HubClient, remote: Remote) -> dict[str, list[str]]:
    """Which files the kit wrote; none where the ledger is missing or is no ledger."""
    if LEDGER not in remote.files or remote.sizes.get(LEDGER, 0) > MAX_LEDGER:
        return {}
    data = client.read(LEDGER, remote.commit, MAX_LEDGER)
    try:
        found = json.loads(data)["files"]
        return {str(name): [str(one) for one in names] for name, names in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _ledger_bytes(
    contents: Mapping[str, Contents],
    files: Sequence[PlannedFile],
    ledger: Mapping[str, Sequence[str]],
    remote: Remote,
) -> bytes:
    """The kit's own files after this push, with those of earlier ones that are still there."""
    gone = {file.name for file in files if file.what in (REMOVED, KEPT)}
    kept = {name: list(names) for name, names in ledger.items() if name in remote.files and name not in gone}
    for file in files:
        if file.what in (NEW, CHANGED) or (file.what == SAME and file.name in ledger):
            ours = contents[file.name]
            kept[file.name] = [name for name in (ours.sha256, ours.blob) if name]
    whole = {"written_by": f"mkmodelfile {__version__}", "files": dict(sorted(kept.items()))}
    return (json.dumps(whole, indent=2) + "\n").encode()


def _beside(
    remote: Remote | None, made: HubFiles, files: Sequence[PlannedFile], repository: str
) -> Iterator[Diagnostic]:
    """What this push means for the other models of the repository, and their projectors for this one."""
    there = sorted(set(remote.files) - set(made.files)) if remote else []
    models = [n for n in there if n.endswith(".gguf") and "mmproj" not in n.lower()]
    changed = [f.name for f in files if f.name in SETTINGS and f.what in (NEW, CHANGED, REMOVED)]
    if models and changed:
        yield Diagnostic(
            SETTINGS_OF_ALL,
            Severity.WARNING,
            f"{' and '.join(f'`{name}`' for name in changed)} of this package hold for every model of the "
            f"repository: also for {', '.join(map(shown, models[:3]))}",
            Span(f"hf.co/{repository}"),
            "check the others with `mkmodelfile verify`, or give this model a repository of its own",
        )
    others = [n for n in there if n.endswith(".gguf") and "mmproj" in n.lower()]
    if others:
        message = f"there are other projectors too ({', '.join(map(shown, others[:3]))})"
        yield Diagnostic(
            OTHER_PROJECTORS,
            Severity.WARNING,
            f"{message}: which one the hub gives Ollama is not known",
            Span(f"hf.co/{repository}"),
            "keep one projector for each repository",
        )


def _no_repository(repository: str) -> UsageError:
    return UsageError(
        f"hf.co/{repository} does not exist, or this token may not see it",
        help="make it with `--create`, or correct the name",
        code=NO_REPOSITORY,
    )


def _foreign(repository: str, names: Sequence[str]) -> UsageError:
    return UsageError(
        f"hf.co/{repository} has files that mkmodelfile did not write, or that were changed since: "
        f"{', '.join(names)}",
        help="look at them there; `--overwrite` replaces them (and removes settings that this package lacks)",
        code=FOREIGN_FILES,
    )
