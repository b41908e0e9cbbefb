"""The variants of a package, built one after the other: each by itself, what they have in common once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic
from ..core.errors import KitError, PackageError, UsageError
from ..gguf_file import read_header
from ..gguf_file.quantization import quantization_in_name, quantization_of
from ..gguf_file.split import split_of
from ..package.package import Package, load_package
from ..package.variants import main_package, variant_packages
from .build import Build, build_files, default_output, with_stand_ins
from .shared_work import SharedWork
from .sources import open_files
from .variant_differences import Main, differences


@dataclass(frozen=True)
class VariantBuild:
    """What became of one variant.

    package: of this variant alone; built: None where it cannot be built, error says why; seconds: how long
    that took by the caller's clock, 0 without one; same_as: the tag of a variant before it whose prompts,
    tokens and replies are the same, "" for none.
    """

    package: Package
    built: Build | None
    error: KitError | None
    seconds: float
    same_as: str = ""

    @property
    def tag(self) -> str:
        """Its tag; the package's name for the one of a package without variants."""
        return self.package.variant or self.package.name

    def row(self, result: str, seconds: float | None = None) -> dict[str, Any]:
        """Its row of the table in a report: name, file, size in bytes, quantization, result, seconds."""
        names = [self.package.name, *self.package.also]
        size, quantization = self._file()
        return {
            "name": names[0],
            "also": names[1:],
            "file": self.package.model.name,
            "size": size,
            "quantization": self.package.quantize or quantization,
            "result": result,
            "seconds": round(self.seconds if seconds is None else seconds, 3),
        }

    def _file(self) -> tuple[int | None, str | None]:
        """The size of the file, or of all parts of a split model, and its quantization; None if not known."""
        try:
            header = self.built.files.header if self.built else read_header(self.package.model)
            split = split_of(header)
            parts = split.parts if split else ()
            size = sum(p.stat().st_size for p in parts) if parts else header.size
        except (KitError, OSError):
            return None, quantization_in_name(self.package.model.name) or None
        return size, quantization_of(header) or None


def _no_clock() -> float:
    return 0.0


def build_variants(
    package_dir_or_yaml: str | Path | Package,
    chosen: Collection[str] = (),
    *,
    output: str | Path | None = None,
    model: str | Path | None = None,
    projector: str | Path | None = None,
    target: str | None = None,
    projector_directive: str = "from",
    write: bool = True,
    shared: SharedWork | None = None,
    told: Callable[[Package], object] | None = None,
    clock: Callable[[], float] = _no_clock,
) -> tuple[VariantBuild, ...]:
    """Builds the variants of a package, in the order of its file; a package without variants is one.

    chosen: tags of those that are wanted; all by default. output: a folder; of several variants each has
    one of its own in it, named as in `build/`. model: in place of the one variant that is chosen, or of
    the main one. Everything else as of `build`. shared: what was done before; told: before each variant.
    clock: gives seconds, for the tables of reports alone; nothing is decided by it.

    One that fails does not keep the others from being built: its error is in its `VariantBuild`.
    Raises PackageError and UsageError for a package file and arguments that hold for all.
    """
    whole = package_dir_or_yaml
    whole = whole if isinstance(whole, Package) else load_package(whole)
    packages = _chosen(whole, chosen, model)
    packages = tuple(with_stand_ins(p, model, projector, target) for p in packages)
    work = SharedWork() if shared is None else shared
    several = len(packages) > 1
    main = _main(whole, packages) if several or whole.variants else None
    seen: dict[Hashable, str] = {}
    out = []
    for package in packages:
        if told is not None:
            told(package)
        folder = default_output(package)
        if output is not None:
            folder = Path(output) / folder.name if several else Path(output)
        started = clock()
        built = error = None
        try:
            built = _build(package, folder, main, work, projector_directive, write)
        except KitError as e:
            error = e
        taken = clock() - started
        one = VariantBuild(package, built, error, taken)
        if built is not None:
            first = seen.setdefault(prompts_and_tokens(built), one.tag)
            one = replace(one, same_as=first if first != one.tag else "")
        out.append(one)
    return tuple(out)


def prompts_of(built: Build) -> Hashable:
    """What the prompts of a build depend on: equal for builds whose conversations give equal prompts."""
    plan = built.plan
    return (
        plan.mode.chosen,
        plan.template,
        plan.reference.key if plan.reference is not None else None,
        (plan.maker.renderer, plan.maker.parser),
        plan.system,
        built.package.messages,
        built.files.input,
        built.files.header.architecture,
    )


def prompts_and_tokens(built: Build) -> Hashable:
    """The same for the tokens, and for what is read back of the replies."""
    projector = built.files.projector
    return prompts_of(built), built.files.vocabulary_name, tuple(built.plan.stops.texts), projector


def _chosen(package: Package, chosen: Collection[str], model: str | Path | None) -> tuple[Package, ...]:
    packages = variant_packages(package, chosen)
    if model is None or len(packages) == 1:
        return packages
    if chosen:
        raise UsageError(
            f"--model takes the place of one model, and {len(packages)} variants are chosen",
            help="choose one variant, or leave --model out",
        )
    # A stand-in for the model of the package file: the main one alone.
    return (main_package(package),)


def _main(whole: Package, packages: Sequence[Package]) -> tuple[Package, Main] | None:
    """The variant that the others are held to: the main one, else the first that can be opened."""
    main = main_package(whole)
    first = [p for p in packages if p.variant == main.variant] or [main]
    for package in (p for p in (*first, *packages) if p.problem is None):
        try:
            return package, Main.of(package, open_files(package))
        except KitError:
            continue
    return None


def _build(
    package: Package,
    folder: Path,
    main: tuple[Package, Main] | None,
    work: SharedWork,
    projector_directive: str,
    write: bool,
) -> Build:
    if package.problem is not None:
        raise package.problem
    files = main[1].files if main is not None and main[0] is package else open_files(package)
    found: list[Diagnostic] = []
    if main is not None and package.variant is not None:
        found = differences(package, files, None if main[0].variant == package.variant else main[1])
        files = replace(files, diagnostics=(*files.diagnostics, *found))
    try:
        return build_files(
            package, files, folder, projector_directive=projector_directive, write=write, shared=work
        )
    except PackageError as e:
        # What sets it apart may be why.
        e.diagnostics = tuple(dict.fromkeys((*e.diagnostics, *found)))
        raise
