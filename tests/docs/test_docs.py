import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_the_generated_pages_are_current(name):
    kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert kept == generate.PAGES[name](), "run `python docs/generate.py`"


def test_readme_begins_with_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")] == [
        "make demo",
        "make test",
    ]
    assert lines.index("```sh") < 4


def test_every_command_is_in_the_readme():
    from modelfile_kit.cli.main import _COMMANDS

    text = (ROOT / "README.md").read_text()
    assert [name for name in _COMMANDS if f"`mkmodelfile {name}" not in text] == []
