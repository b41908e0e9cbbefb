"""What `build` says of num_ctx, against the memory that the package names and the trained context."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit import build
from modelfile_kit.core.diagnostics import Diagnostic
from modelfile_kit.core.errors import PackageError
from modelfile_kit.micro import build_pair
from modelfile_kit.micro.build import MicroPair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    return build_pair(tmp_path_factory.mktemp("pair"))


def findings(pair: MicroPair, tmp_path: Path, *lines: str) -> dict[str, Diagnostic]:
    text = "\n".join([f"name: m\nmodel: {pair.model}", *lines, ""])
    (tmp_path / "mkmodelfile.yaml").write_text(text)
    found = build(tmp_path, write=False).plan.diagnostics
    return {d.code: d for d in found if d.code in ("MK449", "MK126")}


def test_nothing_is_said_where_it_fits_or_nobody_asks(pair: MicroPair, tmp_path: Path) -> None:
    assert findings(pair, tmp_path, "parameters: {num_ctx: 2048}") == {}
    assert findings(pair, tmp_path, "parameters: {num_ctx: 2048}", "memory: 1GiB") == {}
    assert findings(pair, tmp_path, "memory: 1GiB") == {}


def test_a_context_that_needs_more_memory_is_a_warning_at_its_place(pair: MicroPair, tmp_path: Path) -> None:
    found = findings(pair, tmp_path, "parameters:", "  num_ctx: 2048", "memory: 4MiB")
    finding = found["MK449"]
    assert finding.severity == "warning"
    assert finding.span
    assert finding.span.line == 4
    assert "there are 4.00 MiB" in finding.message


def test_memory_alone_is_held_against_the_usual_context(pair: MicroPair, tmp_path: Path) -> None:
    finding = findings(pair, tmp_path, "memory: 1MiB")["MK449"]
    assert "4,096" in finding.message
    assert finding.span
    assert finding.span.line == 3


def test_a_context_beyond_the_trained_one(pair: MicroPair, tmp_path: Path) -> None:
    finding = findings(pair, tmp_path, "parameters: {num_ctx: 1000000}")["MK126"]
    assert "1,000,000" in finding.message
    assert finding.severity == "warning"


@pytest.mark.parametrize("value", ["much", "12", "0", "-1GiB", "12 apples"])
def test_memory_has_to_be_a_size(pair: MicroPair, tmp_path: Path, value: str) -> None:
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: m\nmodel: {pair.model}\nmemory: {value}\n")
    with pytest.raises(PackageError) as caught:
        build(tmp_path, write=False)
    assert "memory" in caught.value.message
