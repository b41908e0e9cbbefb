"""Modules that are imported when they are asked for, and that each `later` says what the types say."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from modelfile_kit.core.later import exports, later

PACKAGE = Path(__file__).resolve().parents[2] / "modelfile_kit"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "core.later import later" in p.read_text("utf-8"))


def said_later(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, module) of every `name = later("module")` of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) != "later":
                continue
            (target,), (module,) = node.targets, node.value.args
            yield ast.unparse(target), ast.literal_eval(module)


def said_to_types(tree: ast.Module, package: str) -> dict[str, str]:
    """The module that each name is imported as where only types look."""
    found: dict[str, str] = {}
    for block in ast.walk(tree):
        if not isinstance(block, ast.If) or ast.unparse(block.test) != "TYPE_CHECKING":
            continue
        for node in block.body:
            assert isinstance(node, ast.ImportFrom)
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            home = ".".join([*above, *([node.module] if node.module else [])])
            found |= {alias.asname or alias.name: f"{home}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_types_see_the_module_that_is_imported_later(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    package = ".".join(("modelfile_kit", *path.parent.relative_to(PACKAGE).parts))
    seen = said_to_types(tree, package)
    found = list(said_later(tree))
    assert found
    assert [name for name, module in found if seen.get(name) != module] == []
    for _, module in found:
        import_module(module)


def test_nothing_is_imported_before_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imported_for_this_test.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = later("imported_for_this_test")
    assert "imported_for_this_test" not in sys.modules
    assert module.value == 1
    monkeypatch.setattr("imported_for_this_test.value", 2)
    assert module.value == 2
    with pytest.raises(AttributeError):
        module.nothing  # noqa: B018
    del sys.modules["imported_for_this_test"]


def test_a_package_has_the_names_that_it_exports_and_no_others() -> None:
    find = exports("modelfile_kit.ollama.parsers", {"read_reply": "registry"})
    assert find("read_reply") is import_module("modelfile_kit.ollama.parsers.registry").read_reply
    with pytest.raises(AttributeError, match="has no attribute 'other'"):
        find("other")


def test_every_exported_name_is_there() -> None:
    package = import_module("modelfile_kit.ollama.parsers")
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
