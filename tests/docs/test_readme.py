"""The README where people read it: on GitHub, on PyPI, and in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.test_command_lines import BLOCK

ROOT = Path(__file__).parents[2]
HERE = re.compile(
    r"https://(?:github\.com/modelfile-kit/modelfile-kit/blob|"
    r"raw\.githubusercontent\.com/modelfile-kit/modelfile-kit)/main/([^#)]+)"
)
_LINK = re.compile(r"\]\(([^)]+)\)")


def readme(name: str = "README.md") -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_links_work_on_pypi() -> None:
    """PyPI shows the text alone: a path in the repository leads nowhere there."""
    links = _LINK.findall(readme())
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    files = [found[1] for link in links if (found := HERE.match(link))]
    assert len(files) > 20
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_chinese_readme_leads_to_what_there_is() -> None:
    links = [link for link in _LINK.findall(readme("README.zh-CN.md")) if not link.startswith("https://")]
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []


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
