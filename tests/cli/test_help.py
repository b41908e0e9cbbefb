"""Every command's help has examples that its own parser accepts, and its options in groups."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click
import pytest

from modelfile_kit.cli.command import Command
from modelfile_kit.cli.main import _COMMANDS, _GROUPS, cli

CONTEXT = click.Context(cli, info_name="mkmodelfile")


def command(name: str) -> Command:
    found = cli.get_command(CONTEXT, name)
    assert isinstance(found, Command)
    return found


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_the_examples_are_command_lines_that_parse(name: str) -> None:
    examples = command(name).examples
    assert 1 <= len(examples) <= 4
    for line in examples:
        # what stands between pipes and before a redirection
        [own] = [part for part in line.split("|") if part.strip().startswith("mkmodelfile ")]
        program, given, *rest = shlex.split(re.split(r" [<>] ", own)[0])
        assert (program, given) == ("mkmodelfile", name)
        command(name).make_context(name, rest, parent=CONTEXT)


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_the_help_has_groups_and_examples(name: str, mkmodelfile: Any) -> None:
    text = mkmodelfile(name, "--help").out
    assert "\nExamples:\n" in text
    assert f"\n  mkmodelfile {name}" in text or f"| mkmodelfile {name}" in text
    assert text.index("\nHelp:\n") < text.index("\nExamples:\n")
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert text.count(f"{parameter.opts[-1]} ") + text.count(f"{parameter.opts[-1]}\n") >= 1


def test_options_of_one_kind_stand_together() -> None:
    text = command("check").get_help(click.Context(command("check"), parent=CONTEXT))
    sections = re.findall(r"^(\w+):$", text, re.MULTILINE)
    assert sections == ["Options", "Files", "Server", "Output", "Help", "Examples"]
    files = text[text.index("\nFiles:") : text.index("\nOutput:")]
    assert all(option in files for option in ("--model", "--projector", "--target"))


def test_every_command_is_in_one_group(mkmodelfile: Any) -> None:
    assert sorted(name for names in _GROUPS.values() for name in names) == sorted(_COMMANDS)
    text = mkmodelfile("--help").out
    assert [text.count(f"\n  {name} ") for name in _COMMANDS] == [1] * len(_COMMANDS)
