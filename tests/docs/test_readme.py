"""The README where people read it: on GitHub, on PyPI, and in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_command_lines import BLOCK

ROOT = Path(__file__).parents[2]
HERE = re.compile(
    r"https://(?:github\.com/modelfile-kit/modelfile-kit/blob|"
    r"raw\.githubusercontent\.com/modelfile-kit/modelfile-kit)/main/([^#)]+)"
)
_LINK = re.compile(r"\]\(([^)]+)\)")


def readme(name: str = "README.md") -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_links_work_on_pypi(name: str) -> None:
    """PyPI, and a copy of the text elsewhere, show it alone: a path in the repository leads nowhere there."""
    links = _LINK.findall(readme(name))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    files = [found[1] for link in links if (found := HERE.match(link))]
    assert len(files) > 10
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_how_to_install_before_a_release_is_told_once(name: str) -> None:
    """Merging by union leaves a paragraph twice."""
    assert readme(name).count('"modelfile-kit @ https://') <= 1


def test_both_languages_have_the_same_rows_of_commands() -> None:
    """The names, and the options that a row names."""

    def rows(name: str) -> dict[str, list[str]]:
        found = re.findall(r"^\| (`mkmodelfile .*?`) \| (.*) \|$", readme(name), re.MULTILINE)
        return {command: sorted(re.findall(r"`(--[\w-]+)", about)) for command, about in found}

    english, chinese = rows("README.md"), rows("README.zh-CN.md")
    assert list(chinese) == list(english)
    assert {c: set(o) - set(english[c]) for c, o in chinese.items() if set(o) - set(english[c])} == {}


def commands(text: str) -> list[str]:
    """The command lines of a text without comments and output, and what is typed unseen."""
    typed = re.findall(r"<!-- typed: (.*) -->", text)
    blocks = [
        re.findall(r"^\$ (.*)", block, re.MULTILINE) or block.splitlines() for block in BLOCK.findall(text)
    ]
    return [*typed, *(re.sub(r"\s+# .*", "", line) for block in blocks for line in block)]


def test_both_languages_have_the_same_commands() -> None:
    english = commands(readme())
    assert len(english) > 20
    assert commands(readme("README.zh-CN.md")) == english


def test_both_languages_show_the_same_package() -> None:
    def package(name: str) -> list[str]:
        [block] = re.findall(r"```yaml\n(.*?)```", readme(name), re.DOTALL)
        return [re.sub(r"\s+# .*", "", line) for line in block.splitlines()]

    assert package("README.zh-CN.md") == package("README.md")


def test_the_first_screen_says_what_it_does_and_shows_it() -> None:
    screen = "\n".join(readme().splitlines()[:40])
    for words in ("packages GGUF models for", "$ mkmodelfile check", "check: ok", "docs/images/check.png"):
        assert words in screen
