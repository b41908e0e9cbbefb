"""Parameters of a package as PARAMETER lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.parameters import check_parameters, written_parameters
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_pair
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


def test_sampler_settings_that_old_servers_ignore(tmp_path: Path) -> None:
    pair = build_pair(tmp_path)
    settings = {"general.sampling.temp": 0.6, "general.sampling.top_k": 20, "general.sampling.typ_p": 0.5}
    patch(pair.model, pair.model, settings)
    text = f"name: p\nmodel: {pair.model.name}\nprojector: none\n"

    def found(more: str) -> list[str]:
        (tmp_path / "mkmodelfile.yaml").write_text(text + more)
        return [d.help for d in build(tmp_path, write=False).diagnostics if d.code == "MK535"]

    [hint] = found('target: ">=0.30"\n')
    assert hint.endswith("`parameters: {temperature: 0.6, top_k: 20}`")
    assert found('target: ">=0.30"\nparameters: {temperature: 0.6, top_k: 20}\n') == []
    assert found("target: '0.33.3'\n") == []
