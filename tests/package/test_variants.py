"""The packages that a package with variants stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.package.variants import main_package, variant_named, variant_packages
from tests.hub_server import HubServer
from tests.package.test_package import package

TWO = "variants: {q4_K_M: A-Q4_K_M.gguf, q8_0: A-Q8_0.gguf}\n"


def names(folder: Path, text: str, *chosen: str) -> list[tuple[str, ...]]:
    return [(p.name, *p.also) for p in variant_packages(package(folder, text), chosen)]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        # the first one without a model, the one that is named, and a model of its own
        ("name: x\n", [("x:q4_K_M", "x"), ("x:q8_0",)]),
        ("name: x\nmodel: A-Q8_0.gguf\n", [("x:q4_K_M",), ("x:q8_0", "x")]),
        ("name: x\nmodel: A-F16.gguf\n", [("x",), ("x:q4_K_M",), ("x:q8_0",)]),
        ("name: x\nmodel: A-Q8_0.gguf\nquantize: q4_K_M\n", [("x",), ("x:q4_K_M",), ("x:q8_0",)]),
        ("name: me/x:8b\n", [("me/x:8b-q4_K_M", "me/x:8b"), ("me/x:8b-q8_0",)]),
    ],
)
def test_names(head: str, expected: list[tuple[str, ...]], tmp_path: Path) -> None:
    assert names(tmp_path, head + TWO) == expected


def test_a_package_without_variants_is_itself(tmp_path: Path) -> None:
    p = package(tmp_path, "name: x\nmodel: a.gguf\n")
    assert variant_packages(p) == (p,)
    assert main_package(p) == p
    with pytest.raises(UsageError, match="no `variants`"):
        variant_packages(p, ("q4",))


def test_some_are_chosen_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = f"name: x\n{TWO}"
    assert names(tmp_path, text, "Q8_0") == [("x:q8_0",)]
    assert names(tmp_path, text, "latest") == [("x:q4_K_M", "x")]
    assert names(tmp_path, text, "q8_0", "q4_k_m") == [("x:q4_K_M", "x"), ("x:q8_0",)]
    with pytest.raises(UsageError) as caught:
        names(tmp_path, text, "q8")
    assert "did you mean `q8_0`?" in caught.value.help


def test_each_has_its_own_model_parameters_and_places(tmp_path: Path) -> None:
    text = (
        "name: x\nmodel: A.gguf\nparameters: {num_ctx: 1}\nprojector: P.gguf\nvariants:\n"
        "  b: {model: B.gguf, parameters: {num_ctx: 2}}\n"
    )
    main, other = variant_packages(package(tmp_path, text))
    assert (main.model, dict(main.parameters), main.span("model").line) == (
        tmp_path / "A.gguf",
        {"num_ctx": 1},
        2,
    )
    assert (other.model, dict(other.parameters)) == (tmp_path / "B.gguf", {"num_ctx": 2})
    assert other.span("model").line == other.span("parameters.num_ctx").line == 6
    assert main.projector == other.projector == tmp_path / "P.gguf"
    assert main.variants == other.variants == ()


def test_a_model_of_a_server_is_found_by_its_tag(tmp_path: Path) -> None:
    p = package(tmp_path, f"name: x\n{TWO}")
    found = [variant_named(p, name) for name in ("me/x:Q8_0", "x", "x:latest", "x:other")]
    assert [f.variant if f else None for f in found] == ["q8_0", "q4_K_M", "q4_K_M", None]


def test_a_name_that_cannot_be_resolved_is_the_fault_of_one_variant(hub: HubServer, tmp_path: Path) -> None:
    hub.add("org/repo", {"a-Q4_K_M.gguf": b"GGUF"})
    text = "name: x\nvariants:\n  q4: hf.co/org/repo:Q4_K_M\n  q8: {model: 'hf.co/org/repo:Q8_0'}\n"
    good, bad = variant_packages(package(tmp_path, text))
    assert (good.model.name, good.problem) == ("a-Q4_K_M.gguf", None)
    assert bad.problem is not None
    assert bad.problem.code == "MK485"
    assert bad.problem.span is not None
    assert (bad.problem.span.line, bad.problem.span.column) == (4, 15)
    assert "`variants.q8.model`: hf.co/org/repo: has no quantization Q8_0" in bad.problem.message
