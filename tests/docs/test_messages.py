"""The list of messages finds what commands print, whatever way the source writes it."""

from __future__ import annotations

import ast

import pytest

from modelfile_kit.cli.main import cli
from tools.messages import GOLDEN, _in_tree, messages, page


def found(source: str) -> list[tuple[str, str]]:
    return [(m.kind, m.text) for m in _in_tree(ast.parse(source), "f.py")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('Diagnostic("MK104", ERROR, "no FROM here")', [("MK104", "no FROM here")]),
        ('raise UsageError(f"no file {path.name} here", code="MK430")', [("MK430", "no file {name} here")]),
        ('NO = "MK513"\nDiagnostic(NO, ERROR, "no template at all")', [("MK513", "no template at all")]),
        ('A, B = "MK902", "MK905"\n_finding(B, "it does not load")', [("MK905", "it does not load")]),
        ('x = "a b" if y else "c d"', []),
        ('message = "a bc" if y else "c de"', [("message", "a bc"), ("message", "c de")]),
        ('f(help=f"write {quote(name)} " + "or nothing")', [("help", "write {name} or nothing")]),
        ('Finding("one\\ntwo words")', [("Finding", "one⏎two words")]),
        ('Finding("a stop here")\nRULE = Rule("MK326", check)', [("MK326", "a stop here")]),
        ('Finding("single")', []),
    ],
)
def test_a_message_is_found_by_its_shape(source: str, expected: list[tuple[str, str]]) -> None:
    assert found(source) == expected


def test_the_help_of_every_command_is_in_the_list() -> None:
    texts = {m.text for m in messages() if m.kind == "command"}
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert any(text.startswith((command.help or "").split("\n")[0]) for text in texts), name


def test_the_golden_file_is_current() -> None:
    """A changed message is seen in review, in one place."""
    kept = GOLDEN.read_text(encoding="utf-8")
    assert page() == kept, "read what changed, then run `python -m tools.messages --update`"
