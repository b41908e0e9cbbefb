"""Parameters of a package as PARAMETER lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.parameters import check_parameters, written_parameters
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.package.package import Package


def test_how_values_are_written() -> None:
    values = {"num_ctx": 4096, "temperature": 0.5, "use_mmap": True, "min_p": 1e-05, "x": ["a", False]}
    assert written_parameters(values) == (
        ("num_ctx", "4096"),
        ("temperature", "0.5"),
        ("use_mmap", "true"),
        ("min_p", "1e-05"),
        ("x", "a"),
        ("x", "false"),
    )


@pytest.mark.parametrize(
    ("name", "value", "target", "codes"),
    [
        ("num_ctx", 4096, ">=0.30", []),
        ("min_p", 1e-05, ">=0.30", []),
        ("num_ctx", 4096.5, ">=0.30", ["MK111"]),
        ("num_ctx", True, ">=0.30", ["MK111"]),
        ("Num_ctx", 1, ">=0.30", ["MK110"]),
        ("mirostat", 1, "0.6.0", []),
        ("mirostat", 1, ">=0.30", ["MK112"]),
    ],
)
def test_what_ollama_says_to_them(name: str, value: object, target: str, codes: list[str]) -> None:
    place = Span("f", 3, 9)
    package = Package(
        Path("f"),
        "a",
        Path("m"),
        parameters={name: value},
        target=target,
        spans={f"parameters.{name}": place},
    )
    found = check_parameters(package)
    assert [d.code for d in found] == codes
    assert all(d.span == place and d.help for d in found)
