"""The rooms of the package: no circles, no arrows upwards, no hidden imports (tools/architecture.py)."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tools.architecture import FLOOR_OF, PACKAGE, ROOT, circles, diagram, hidden, read_imports, upward

# Imports in functions that the package may have at most, those in cli/ aside.
MOST_HIDDEN = 20

IMPORTS = read_imports()


def test_every_folder_is_a_room_of_the_table() -> None:
    folders = {p.name for p in (ROOT / PACKAGE).iterdir() if any(p.glob("*.py"))}
    assert folders == set(FLOOR_OF)


def test_the_page_shows_the_table() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert diagram() in page
    assert [room for room in FLOOR_OF if f"| `{room}` |" not in page] == []


def test_no_module_is_in_a_circle() -> None:
    """Not even through an import in a function, or one that only types need."""
    assert circles(IMPORTS) == []


def test_no_import_leads_upwards() -> None:
    assert [str(i) for i in upward(IMPORTS)] == []


def test_an_import_in_a_function_gives_its_reason() -> None:
    assert [str(i) for i in hidden(IMPORTS) if not i.reason] == []


def test_few_imports_are_in_functions() -> None:
    assert len(hidden(IMPORTS)) <= MOST_HIDDEN


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package with one fault of each kind."""
    files = {
        "core/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import B\n",
        "core/b.py": "def f():\n    from . import a\n",
        "core/c.py": "from ..cli import main\n",
        "core/d.py": """
            def f():
                # quick start
                from . import b
                from .c import x  # a long
                return 1  # not a reason
                from .c import y
            """,
        "core/e.py": "import json\nfrom .d import f\n",
        "cli/__init__.py": "",
        "cli/main.py": "def f():\n    from ..core import a\n",
    }
    for name, text in files.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return tmp_path


def test_a_circle_over_a_function_and_over_types_is_found(package: Path) -> None:
    assert circles(read_imports(package)) == [{"modelfile_kit.core.a", "modelfile_kit.core.b"}]


def test_an_arrow_upwards_is_found(package: Path) -> None:
    assert [str(i) for i in upward(read_imports(package))] == [
        "modelfile_kit.core.c:1 imports modelfile_kit.cli.main"
    ]


def test_imports_in_functions_and_their_reasons_are_found(package: Path) -> None:
    found = [(i.importer[-1], i.imported[-1], i.reason) for i in hidden(read_imports(package))]
    assert found == [("b", "a", ""), ("d", "b", "quick start"), ("d", "c", "a long"), ("d", "c", "")]
