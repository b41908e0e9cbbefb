"""The packages that a package with variants stands for: one for each tag, and the main one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.near_words import near_word
from ..sources.model_name import tag_of
from .package import Package, Variant
from .variant_keys import variant_name


def variant_packages(package: Package, chosen: Collection[str] = ()) -> tuple[Package, ...]:
    """Each variant as a package of its own name and model, in the order of the file.

    The main model comes first, under the package's own name, unless one of the variants is the same: then
    that one gets the package's name too (`also`). A package without variants is itself.

    chosen: tags, in any case, of the variants that are wanted; all by default. The package's own tag,
    which is `latest` where its name has none, is the main one.
    Raises UsageError for a tag that there is not.
    """
    if not package.variants:
        if chosen:
            raise UsageError(
                f"--variant {next(iter(chosen))}: the package has no `variants`",
                span=Span(str(package.file)),
                help="leave --variant out, or write `variants: {q4_K_M: A-Q4_K_M.gguf, …}` into it",
            )
        return (package,)
    every = _every(package)
    if not chosen:
        return every
    wanted = {_tag(package, every, asked) for asked in chosen}
    return tuple(p for p in every if p.variant in wanted)


def main_package(package: Package) -> Package:
    """The package of the main model: of the variant that is the same, where there is one."""
    return next(p for p in variant_packages(package) if package.name in (p.name, *p.also))


def variant_named(package: Package, name: str) -> Package | None:
    """The variant that has the tag of this name; None where there is none, and for a package without.

    name: of a model on a server, whatever its host and namespace.
    """
    tag = tag_of(name).casefold()
    for one in variant_packages(package) if package.variants else ():
        if tag in {tag_of(n).casefold() for n in (one.name, *one.also)}:
            return one
    return None


def _every(package: Package) -> tuple[Package, ...]:
    main = next((v for v in package.variants if _is_main(v, package)), None)
    out = []
    if main is None:
        out.append(replace(package, variants=(), variant=tag_of(package.name)))
    return (*out, *(_of(v, package, is_main=v is main) for v in package.variants))


def _is_main(variant: Variant, package: Package) -> bool:
    same = variant.model == package.model and variant.quantize == package.quantize
    return same and dict(variant.parameters) == dict(package.parameters)


def _of(variant: Variant, package: Package, *, is_main: bool) -> Package:
    at = f"variants.{variant.tag}"
    spans = dict(package.spans)
    for key, span in package.spans.items():
        if key == at:
            spans["model"] = span
        elif key.startswith(f"{at}."):
            spans[key[len(at) + 1 :]] = span
    return replace(
        package,
        name=variant_name(package.name, variant.tag),
        model=variant.model,
        quantize=variant.quantize,
        parameters=variant.parameters,
        variants=(),
        variant=variant.tag,
        also=(package.name,) if is_main else (),
        problem=variant.problem,
        spans=spans,
    )


def _tag(package: Package, every: Sequence[Package], asked: str) -> str:
    """The tag, as it is written in the file, of a variant that was asked for."""
    for one in every:
        names = {one.variant or "", *(tag_of(name) for name in one.also)}
        if asked.casefold() in {name.casefold() for name in names}:
            return one.variant or ""
    tags = [one.variant or "" for one in every]
    near = near_word(asked, tags, cutoff=0.5)
    hint = f"did you mean `{near}`? " if near else ""
    raise UsageError(
        f"--variant {asked}: the package has no such variant",
        span=Span(str(package.file)),
        help=f"{hint}its variants are {', '.join(tags)}",
    )
