"""Publishing and pushing the variants of a package: each whole or not at all, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..building.build import Build
from ..building.variants import VariantBuild
from ..core.errors import KitError, ServerError, UsageError
from ..core.progress import Progress
from .kit_push import KitPush, push_by_kit
from .names import require_name
from .publish import NotPushedError, NotVerifiedError, Published, publish

# The server cannot be reached, or is too old: the next variant would wait for the same.
_ENDS_ALL = frozenset({"MK802", "MK803", "MK804", "MK806"})
# Registries that take nothing from us, whatever the tag: sign-in, namespace, HTTPS, none there.
_NO_WAY_IN = frozenset({"MK828", "MK829", "MK844", "MK846", "MK847"})


@dataclass(frozen=True)
class VariantPublish:
    """What became of one variant on the server, or in a registry where the kit pushes by itself.

    names: its own first, then the further ones; done: None where it was not published, error says why.
    by_kit: the pushes of its names, without a server. tried: whether anybody was asked at all. seconds: how
    long that took.
    """

    of: VariantBuild
    names: tuple[str, ...]
    done: Published | None
    error: KitError | None
    seconds: float = 0.0
    tried: bool = True
    by_kit: tuple[KitPush, ...] = ()

    @property
    def result(self) -> str:
        """In a word or two, for a table."""
        if self.done is not None:
            word = "would be published" if self.done.dry_run else "published"
            if self.done.pushed:
                word = "pushed"
            elif self.done.unchanged:
                word = "would be unchanged" if self.done.dry_run else "unchanged"
            failed = self.done.verified is not None and not self.done.verified.ok
            return f"{word}, verification failed" if failed else word
        if not self.tried:
            return "not tried" if self.of.built is not None else "not built"
        if isinstance(self.error, NotPushedError):
            return "published, not pushed"
        if self.error is None:
            return "would be pushed" if any(push.dry_run for push in self.by_kit) else "pushed"
        return "not verified" if isinstance(self.error, NotVerifiedError) else "failed"


_Work = Callable[[Build, str, Sequence[str]], "tuple[Published | None, tuple[KitPush, ...]]"]


def publish_variants(
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]] | None = None,
    **options: Any,
) -> Iterator[VariantPublish]:
    """Publishes each variant that was built, with its further names; the files they share are sent once.

    names: of each variant by its tag, its own name first; by default those of its package. options: as of
    `publish`. In a dry run a file that an earlier variant would send is not counted again.

    One that fails leaves its own name as it was, and the others are published all the same, unless the
    server itself is gone, or the registry of a push takes nothing from us. Raises UsageError for a name that
    is none, before anything is sent.
    """
    sent: set[str] = set()

    def work(built: Build, own: str, also: Sequence[str]) -> tuple[Published, tuple[KitPush, ...]]:
        return _once(publish(built, own, also=also, **options), sent), ()

    return _each(builds, names, work)


def push_variants_by_kit(
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]] | None = None,
    *,
    insecure: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Iterator[VariantPublish]:
    """Pushes each variant under all its names without a server; otherwise as `publish_variants`.

    insecure, dry_run: as of `push_by_kit`.
    """
    sent: set[str] = set()

    def work(built: Build, own: str, also: Sequence[str]) -> tuple[None, tuple[KitPush, ...]]:
        pushes = []
        for name in (own, *also):
            done = push_by_kit(built, name, insecure=insecure, dry_run=dry_run, progress=progress)
            new = {digest: size for digest, size in done.lacked.items() if digest not in sent}
            sent.update(new)
            pushes.append(replace(done, lacked=new))
        return None, tuple(pushes)

    return _each(builds, names, work)


def _each(
    builds: Sequence[VariantBuild], names: Mapping[str, tuple[str, ...]] | None, work: _Work
) -> Iterator[VariantPublish]:
    given = names or {b.tag: (b.package.name, *b.package.also) for b in builds}
    for name in (name for b in builds for name in given[b.tag]):
        require_name(name)
    gone: KitError | None = None
    for build in builds:
        own, *also = given[build.tag]
        if build.built is None or gone is not None:
            yield VariantPublish(build, (own, *also), None, build.error or gone, tried=False)
            continue
        started = time.monotonic()
        done: Published | None = None
        by_kit: tuple[KitPush, ...] = ()
        error: KitError | None = None
        try:
            done, by_kit = work(build.built, own, also)
        except KitError as e:
            error = e
            gone = e if _ends_all(e) else None
        yield VariantPublish(build, (own, *also), done, error, time.monotonic() - started, by_kit=by_kit)


def _ends_all(error: KitError) -> bool:
    """Whether every other variant would meet the same."""
    if isinstance(error, NotPushedError) and error.code == "MK843":  # the addresses of its uploads
        return True
    return isinstance(error, (ServerError, UsageError)) and error.code in _ENDS_ALL | _NO_WAY_IN


def _once(done: Published, sent: set[str]) -> Published:
    """A dry run uploads nothing, so the server says of a shared file each time that it is missing."""
    blobs = tuple(replace(b, uploaded=b.uploaded and b.digest not in sent) for b in done.blobs)
    sent.update(b.digest for b in done.blobs)
    return replace(done, blobs=blobs)
