"""`adapters`, `quantize` and `draft`: which targets take them, and what is said where one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.package import Package, load_package


def package(folder: Path, *lines: str) -> Package:
    file = folder / "mkmodelfile.yaml"
    file.write_text("\n".join(["name: a", "model: a.gguf", *lines]) + "\n", encoding="utf-8")
    return load_package(file)


def test_one_release_that_takes_them(tmp_path: Path) -> None:
    found = package(tmp_path, "target: 0.33.0", "adapters: [l.gguf]", "quantize: q4_K_M", "draft: sub/d.gguf")
    assert found.adapters == (tmp_path / "l.gguf",)
    assert found.quantize == "q4_K_M"
    assert found.draft == tmp_path / "sub" / "d.gguf"


@pytest.mark.parametrize("target", [">=0.30", "0.34.1", "0.34.4", "latest"])
@pytest.mark.parametrize(
    ("line", "instead"),
    [("adapters: [l.gguf]", ["llama-export-lora", "--lora"])],
)
def test_servers_that_refuse_them(tmp_path: Path, target: str, line: str, instead: list[str]) -> None:
    with pytest.raises(PackageError) as caught:
        package(tmp_path, f'target: "{target}"', line)
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.line) == ("MK528", 4)
    assert "0.34.1" in found.message
    assert all(word in found.help for word in [*instead, "0.33.0"])


@pytest.mark.parametrize("target", ["0.34.4", ">=0.30", "0.33.0", "0.12.6"])
def test_every_target_can_have_a_quantized_model(tmp_path: Path, target: str) -> None:
    assert package(tmp_path, f'target: "{target}"', "quantize: Q8_0").quantize == "Q8_0"


@pytest.mark.parametrize(("target", "taken"), [("0.24.0", False), (">=0.24", False), (">=0.30", True)])
def test_a_draft_needs_servers_that_take_its_file(tmp_path: Path, target: str, taken: bool) -> None:
    if taken:
        assert package(tmp_path, f'target: "{target}"', "draft: d.gguf").draft == tmp_path / "d.gguf"
        return
    with pytest.raises(PackageError, match=r"needs Ollama 0\.30\.0 or later") as caught:
        package(tmp_path, f'target: "{target}"', "draft: d.gguf")
    assert caught.value.code == "MK528"


@pytest.mark.parametrize(
    ("line", "said", "help"),
    [
        ("quantize: q5_K_M", "'q5_K_M'", "did you mean Q4_K_M?"),
        ("quantize: small", "'small'", "llama-quantize"),
        ("adapters: [a.gguf, b.gguf]", "2 files", "llama-export-lora"),
        ("adapters: a.gguf", "expected a list", "adapters: ['a.gguf']"),
        ("adapters: [1]", "entry 1", "quotes"),
        ("quantize: 8", "number 8", "quotes"),
        ("draft: ftp://x/d.gguf", "names begin with http", "expected a path, a URL"),
        ("adapters: [ftp://x/d.gguf]", "names begin with http", "expected a path, a URL"),
        ("lora: a.gguf", "`lora`", "`adapters`"),
    ],
)
def test_values_that_cannot_be(tmp_path: Path, line: str, said: str, help: str) -> None:
    with pytest.raises(PackageError) as caught:
        package(tmp_path, "target: 0.33.0", line)
    (found,) = caught.value.diagnostics
    assert said in found.message
    assert help in found.help
