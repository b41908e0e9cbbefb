"""Every command line that a page shows is one that the program takes: the command and its options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from modelfile_kit.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/guides/*.md")})
BLOCK = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each `mkmodelfile …` in the blocks of a page, up to a pipe or redirection."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.removeprefix("$ ")
            if line.startswith("mkmodelfile "):
                lexer = shlex.shlex(line, posix=True, punctuation_chars="|>&;")
                lexer.whitespace_split = True
                words = []
                for word in lexer:
                    if word[0] in "|>&;":
                        break
                    words.append(word)
                yield words[1:]


def wrong_words(words: list[str]) -> list[str]:
    """What of a command line the program would not take: its command, or options of it."""
    context = click.Context(cli)
    command = cli.get_command(context, words[0])
    if command is None:
        return [] if words[0].startswith("-") else words[:1]
    known = {o for p in command.get_params(context) for o in (*p.opts, *p.secondary_opts)}
    given = [word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
    return [word for word in given if word not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_command_lines_of_a_page_exist(page: Path) -> None:
    lines = list(command_lines(page.read_text(encoding="utf-8")))
    assert [(" ".join(line), wrong) for line in lines if (wrong := wrong_words(line))] == []


def test_a_wrong_command_line_is_seen() -> None:
    lines = "mkmodelfile chekc\n$ mkmodelfile build --nope | tee x  # --no\nmkmodelfile check -v > --x\n"
    text = f"```sh\n{lines}```\n"
    assert [wrong_words(line) for line in command_lines(text)] == [["chekc"], ["--nope"], []]
