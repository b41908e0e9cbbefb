"""The manual pages: whole, and in mandoc's eyes without a fault."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest

from modelfile_kit.cli.main import _COMMANDS, cli

MAN = Path(__file__).parents[2] / "man"
CONTEXT = click.Context(cli, info_name="mkmodelfile")


def mandoc(*arguments: str) -> str:
    """What mandoc prints; skips without it."""
    program = shutil.which("mandoc")
    if program is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=60)
    return done.stdout + done.stderr


def test_every_command_has_its_page() -> None:
    assert {path.name for path in MAN.iterdir()} == {
        "mkmodelfile.1",
        *(f"mkmodelfile-{name}.1" for name in _COMMANDS),
    }


def test_mandoc_has_nothing_against_them() -> None:
    """Style apart: the line of a page's name is as long as it is."""
    assert mandoc("-T", "lint", "-W", "warning", *map(str, sorted(MAN.iterdir()))) == ""


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_a_page_says_what_the_command_takes(name: str) -> None:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    text = mandoc("-T", "utf8", "-O", "width=400", str(MAN / f"mkmodelfile-{name}.1"))
    text = "".join(c for at, c in enumerate(text) if c != "\b" and text[at + 1 : at + 2] != "\b")
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert all(f" {each}" in text for each in option.opts), option.opts
    for example in command.examples:  # type: ignore[attr-defined]
        assert f" {example}\n" in text
