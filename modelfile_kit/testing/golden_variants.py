"""Which builds of a package have golden files: one for each kind of prompts that its variants have."""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..building.build import Build
from ..building.shared_work import SharedWork
from ..building.variants import VariantBuild, build_variants, prompts_of
from ..package.package import Package, load_package
from ..package.variants import main_package
from ..report.model import Case, Status


@dataclass(frozen=True)
class Tested:
    """A build whose golden files are compared; or, with cases, what is known of a variant without that.

    prefix: before the names of its cases; folder: of its golden files.
    """

    variant: VariantBuild
    prefix: str
    folder: Path
    cases: tuple[Case, ...] = ()

    @property
    def build(self) -> Build:
        """The build; where there are no cases, there is one."""
        assert self.variant.built is not None
        return self.variant.built

    def row(self, cases: Sequence[Case], seconds: float) -> dict[str, Any] | None:
        """Its row of the table, with what was compared; None for a package without variants."""
        if self.variant.package.variant is None:
            return None
        failed = any(case.status is Status.FAILED for case in cases)
        return self.variant.row("failed" if failed else "ok", self.variant.seconds + seconds)


def variants_for_test(
    package: Path,
    model: str | None = None,
    projector: str | None = None,
    *,
    chosen: Collection[str] = (),
) -> list[Tested]:
    """Builds a package, or its variants, without writing anything.

    model, projector: stand-ins for the main model, which is then the only one, and for its projector, which
    is only used where the package has one. chosen: tags of the variants that are wanted; all by default.
    A variant whose prompts, tokens and replies are those of one before it is not compared again. One with
    prompts of its own has its golden files in a folder of its tag.
    Raises PackageError for what cannot be built.
    """
    whole = load_package(package)
    if projector is not None and whole.projector == "none":
        projector = None
    work = SharedWork()
    builds = build_variants(
        whole, chosen, model=model, projector=projector, write=False, shared=work, clock=time.monotonic
    )
    if len(builds) == 1 and builds[0].error is not None:
        raise builds[0].error
    main = [one for one in builds if whole.name in (one.package.name, *one.package.also)]
    if not main and whole.variants:
        tag = main_package(whole).variant or ""
        main = list(build_variants(whole, (tag,), projector=projector, write=False, shared=work))
    folders = _folders(whole, (*main, *builds))
    return [_tested(one, folders, len(builds) > 1) for one in builds]


def _folders(whole: Package, builds: Sequence[VariantBuild]) -> dict[Hashable, Path]:
    """The folder of golden files for each kind of prompts; the package's own is that of the first build."""
    folders: dict[Hashable, Path] = {}
    home = whole.golden_folder
    for one in builds:
        if one.built is not None:
            own = home / one.tag
            folders.setdefault(prompts_of(one.built), own if folders or own.is_dir() else home)
    return folders


def _tested(one: VariantBuild, folders: Mapping[Hashable, Path], several: bool) -> Tested:
    prefix, home = f"{one.tag}/" if several else "", one.package.golden_folder
    if one.built is None:
        assert one.error is not None
        failed = Case("build", Status.FAILED, one.error.message, "", one.error.findings)
        return Tested(one, prefix, home, (failed,))
    folder = folders[prompts_of(one.built)]
    if one.same_as:
        said = f"the same prompts, tokens and replies as {one.same_as}"
        return Tested(one, prefix, folder, (Case("build", Status.PASSED, said),))
    return Tested(one, prefix, folder)
