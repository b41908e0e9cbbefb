"""`parameters`: as a Modelfile writes them, and what Ollama would refuse or ignore among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.sampling import sampling_defaults
from ..ollama.grammar import Instruction, Modelfile
from ..ollama.parameters import validate
from ..ollama.versions import Target, since
from .sources import PackageFiles

if TYPE_CHECKING:
    from ..package.package import Package


def written_parameters(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and text of each PARAMETER line, in order; a list becomes a line for each of its values."""
    out = []
    for name, value in parameters.items():
        for item in value if isinstance(value, list) else [value]:
            out.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
    return tuple(out)


def check_sampling(package: Package, files: PackageFiles) -> list[Diagnostic]:
    """Sampler settings of the GGUF that some Ollama of the package ignores, and the package does not set."""
    if Target.parse(package.target).has("sampling_defaults"):
        return []
    # typical_p can be no PARAMETER any more.
    skipped = {*package.parameters, "typical_p"}
    own = {k: v for k, v in sampling_defaults(files.header).items() if k not in skipped}
    if not own:
        return []
    first, settings = (
        since("sampling_defaults"),
        ", ".join(f"{name}: {value:g}" for name, value in own.items()),
    )
    return [
        Diagnostic(
            "MK535",
            Severity.INFO,
            f"the GGUF brings sampler settings that Ollama takes only since {first} ({settings}); older ones "
            "sample with their own",
            package.span("parameters"),
            help=f"for the same replies everywhere, write `parameters: {{{settings}}}`",
        )
    ]


def check_parameters(package: Package) -> list[Diagnostic]:
    """What the oldest Ollama of the package would say to its parameters, at their lines in the file."""
    return refused_parameters(
        package.parameters, package.target, lambda name: package.span(f"parameters.{name}")
    )


def refused_parameters(
    parameters: Mapping[str, Any], target: str | Target, place: Callable[[str], Span]
) -> list[Diagnostic]:
    """What the oldest Ollama of a target would say to parameters; place: where one stands."""
    found = []
    for name, text in written_parameters(parameters):
        instruction = Instruction("parameter", name, text)
        for finding in validate(Modelfile((instruction,)), target):
            found.append(replace(finding, span=place(name)))
    return found
