"""`parameters`: as a Modelfile writes them, and what Ollama would refuse or ignore among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic
from ..ollama.grammar import Instruction, Modelfile
from ..ollama.parameters import validate

if TYPE_CHECKING:
    from ..package.package import Package


def written_parameters(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and text of each PARAMETER line, in order; a list becomes a line for each of its values."""
    out = []
    for name, value in parameters.items():
        for item in value if isinstance(value, list) else [value]:
            out.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
    return tuple(out)


def check_parameters(package: Package) -> list[Diagnostic]:
    """What the oldest Ollama of the package would say to its parameters, at their lines in the file."""
    found = []
    for name, text in written_parameters(package.parameters):
        instruction = Instruction("parameter", name, text)
        for finding in validate(Modelfile((instruction,)), package.target):
            found.append(replace(finding, span=package.span(f"parameters.{name}")))
    return found
