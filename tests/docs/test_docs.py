from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tools.docs import PAGES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_generated_pages_are_current(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert kept == PAGES[name](), "run `python -m tools.docs`"


def test_readme_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")] == [
        "make demo",
        "make test",
    ]
    assert lines.index("```sh") < 4


def test_every_command_is_in_the_readme() -> None:
    from modelfile_kit.cli.main import _COMMANDS

    text = (ROOT / "README.md").read_text()
    rows = {name: len(re.findall(rf"^\| `mkmodelfile {name}[ `]", text, re.MULTILINE)) for name in _COMMANDS}
    assert rows == dict.fromkeys(_COMMANDS, 1)


def test_every_page_has_its_place_in_the_site() -> None:
    """A page that is not in the navigation is found by nobody; mkdocs.yml has it."""
    placed = set(
        re.findall(r"^ *- (?:.*: )?([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    )
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("**/*.md")}
    assert placed == pages


PAGES_BY_HAND = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "docs/architecture.md",
    ROOT / "docs/bos.md",
    ROOT / "docs/ci.md",
    ROOT / "docs/linting.md",
    ROOT / "docs/modes.md",
    ROOT / "docs/page.md",
    ROOT / "docs/publishing.md",
    ROOT / "docs/sound.md",
    ROOT / "docs/template-safety.md",
    *sorted((ROOT / "docs/adr").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda p: p.name)
def test_what_a_page_points_to_exists(page: Path) -> None:
    """Links, and the files that stand between backticks."""
    text = page.read_text(encoding="utf-8")
    links = {page.parent / link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)}
    # what begins with "my" is the reader's own
    named = set(re.findall(r"`([a-z_0-9./]+/(?:[a-z_0-9]+\.(?:py|md|yaml))?)`", text))
    files = [[ROOT / name, ROOT / "modelfile_kit" / name] for name in named if "my_" not in name]
    assert [link for link in links if not link.exists()] == []
    assert [homes[0] for homes in files if not any(home.exists() for home in homes)] == []


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    jinja = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{{ eos_token }}{% endfor %}"
    Path("chat_template.jinja").write_text(jinja, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["compiled"].coverage["chat"] == "exact"
