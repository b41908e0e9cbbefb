"""Publishing the variants of a package: each whole or not at all, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..building.variants import VariantBuild
from ..core.errors import KitError, ServerError
from .names import require_name
from .publish import NotVerifiedError, Published, publish

# The server cannot be reached, or is too old: the next variant would wait for the same.
_ENDS_ALL = frozenset({"MK802", "MK803", "MK804", "MK806"})


@dataclass(frozen=True)
class VariantPublish:
    """What became of one variant on the server.

    names: its own first, then the further ones; done: None where it was not published, error says why.
    tried: whether the server was asked at all. seconds: how long that took.
    """

    of: VariantBuild
    names: tuple[str, ...]
    done: Published | None
    error: KitError | None
    seconds: float = 0.0
    tried: bool = True

    @property
    def result(self) -> str:
        """In a word or two, for a table."""
        if self.done is not None:
            word = "would be published" if self.done.dry_run else "published"
            if self.done.unchanged:
                word = "unchanged"
            failed = self.done.verified is not None and not self.done.verified.ok
            return f"{word}, verification failed" if failed else word
        if not self.tried:
            return "not tried" if self.of.built is not None else "not built"
        return "not verified" if isinstance(self.error, NotVerifiedError) else "failed"


def publish_variants(
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]] | None = None,
    **options: Any,
) -> Iterator[VariantPublish]:
    """Publishes each variant that was built, with its further names; the files they share are sent once.

    names: of each variant by its tag, its own name first; by default those of its package. options: as of
    `publish`. In a dry run a file that an earlier variant would send is not counted again.

    One that fails leaves its own name as it was, and the others are published all the same, unless the
    server itself is gone. Raises UsageError for a name that is none, before anything is sent.
    """
    given = names or {b.tag: (b.package.name, *b.package.also) for b in builds}
    for name in (name for b in builds for name in given[b.tag]):
        require_name(name)
    gone: KitError | None = None
    sent: set[str] = set()
    for build in builds:
        own, *also = given[build.tag]
        if build.built is None or gone is not None:
            yield VariantPublish(build, (own, *also), None, build.error or gone, tried=False)
            continue
        started = time.monotonic()
        done: Published | None = None
        error: KitError | None = None
        try:
            done = _once(publish(build.built, own, also=also, **options), sent)
        except KitError as e:
            error = e
            gone = e if isinstance(e, ServerError) and e.code in _ENDS_ALL else None
        yield VariantPublish(build, (own, *also), done, error, time.monotonic() - started)


def _once(done: Published, sent: set[str]) -> Published:
    """A dry run uploads nothing, so the server says of a shared file each time that it is missing."""
    blobs = tuple(replace(b, uploaded=b.uploaded and b.digest not in sent) for b in done.blobs)
    sent.update(b.digest for b in done.blobs)
    return replace(done, blobs=blobs)
