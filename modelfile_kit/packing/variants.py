"""The variants of a package in one repository of a hub, or in one OCI image layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..building.build import Build
from ..building.output import write_files
from ..building.plan import BuildError
from ..building.variants import VariantBuild
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError
from ..core.progress import Progress
from .bring_here import bring_here
from .hub_files import SETTINGS, HubFiles, hub_files, write_hub_files
from .hub_limits import NOT_ON_HUB
from .oci_layout import write_layout


@dataclass(frozen=True)
class Packed:
    """What became of one variant: what the hub or the registry does not carry, or why it is not there."""

    diagnostics: tuple[Diagnostic, ...] = ()
    error: KitError | None = None


def pack_for_hub(
    builds: Sequence[VariantBuild], folder: Path, progress: Progress | None = None
) -> dict[str, Packed]:
    """Writes the variants into one repository, by tag what became of each.

    The hub serves one `template`, `system` and `params` for every GGUF of a repository. They are the main
    variant's; one that needs others is not written.
    """
    done: dict[str, Packed] = {}
    written: dict[str, Path] = {}
    first: tuple[str, HubFiles] | None = None
    for one in sorted(builds, key=lambda b: not b.package.also):
        if one.built is None:
            continue
        try:
            made = hub_files(one.built)
            if first is None:
                write_hub_files(one.built, folder, progress=progress)
                first = one.tag, made
            else:
                _must_fit(one, one.built, made, *first, written)
                bring_here(one.built, progress=progress)
                write_files(folder, dict(made.files))
        except KitError as e:
            done[one.tag] = Packed(error=e)
            continue
        written |= made.files
        done[one.tag] = Packed(made.diagnostics)
    return done


def pack_for_registry(
    builds: Sequence[VariantBuild], folder: Path, progress: Progress | None = None
) -> dict[str, Packed]:
    """Writes the variants into one OCI image layout, each an artifact of its tag, with shared files once."""
    done: dict[str, Packed] = {}
    for one in builds:
        if one.built is None:
            continue
        try:
            _, artifact = write_layout(one.built, folder, progress=progress)
        except KitError as e:
            done[one.tag] = Packed(error=e)
            continue
        done[one.tag] = Packed(artifact.diagnostics)
    return done


def _must_fit(
    one: VariantBuild, built: Build, made: HubFiles, main: str, theirs: HubFiles, written: dict[str, Path]
) -> None:
    other = [name for name in SETTINGS if made.texts.get(name) != theirs.texts.get(name)]
    twice = [name for name, file in made.files.items() if written.get(name, file) != file]
    if not other and not twice:
        return
    names = "`, `".join(other)
    message = f"variant `{one.tag}` needs another `{names}` than `{main}`, and the hub serves one for both"
    if not other:
        message = f"variant `{one.tag}`: {twice[0]} is the name of another variant's file too"
    hint = f"give it a repository of its own: `mkmodelfile build --for hf --variant {one.tag} -o FOLDER`"
    found = Diagnostic(NOT_ON_HUB, Severity.ERROR, message, built.package.span("model"), hint)
    raise BuildError(message, help=hint, span=found.span, code=NOT_ON_HUB, diagnostics=(found,))
