"""The manual pages, made of the commands themselves: man/*.1 (`python -m tools.docs`)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import click

from modelfile_kit.cli.command import Command
from modelfile_kit.cli.main import _COMMANDS, _GROUPS, cli

# The day on which the form of the pages last changed. That of a build would make every build another one.
DAY = "2026-11-27"
WIDTH = 80
CONTEXT = click.Context(cli, info_name="mkmodelfile")
EXITS = {"0": "Nothing is wrong.", "1": "There are findings.", "2": "Wrong usage, or a broken environment."}


def pages() -> dict[str, Callable[[], str]]:
    """What writes each page, by its name."""
    found: dict[str, Callable[[], str]] = {"mkmodelfile.1": main_page}
    for name in _COMMANDS:
        found[f"mkmodelfile-{name}.1"] = lambda name=name: command_page(name)  # type: ignore[misc]
    return found


def main_page() -> str:
    """The page of the program: its commands, and what they share."""
    lines = [*_head("mkmodelfile", _first(cli.help or "")), ".SH SYNOPSIS", ".B mkmodelfile"]
    lines += [
        ".RI [ options ]",
        ".I command",
        ".RI [ arguments ]",
        ".SH DESCRIPTION",
        *_prose(cli.help or ""),
    ]
    for title, names in _GROUPS.items():
        lines.append(f".SS {_text(title)}")
        for name in names:
            lines += [".TP", f".BR mkmodelfile\\-{_text(name)} (1)", *_wrapped(_COMMANDS[name])]
    lines += [".SH OPTIONS", *_options(cli.get_params(CONTEXT)), *_exits()]
    lines += [".SH ENVIRONMENT", ".TP", ".B OLLAMA_HOST", "The Ollama server that is asked."]
    lines += [".TP", ".B NO_COLOR", "No colours."]
    return "\n".join(lines) + "\n"


def command_page(name: str) -> str:
    """The page of one command."""
    command = cli.get_command(CONTEXT, name)
    assert isinstance(command, Command)
    context = click.Context(command, info_name=name, parent=CONTEXT)
    parameters = command.get_params(context)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [*_head(f"mkmodelfile-{name}", _COMMANDS[name]), ".SH SYNOPSIS"]
    lines += [f".B mkmodelfile {_text(name)}", *_wrapped(usage), ".SH DESCRIPTION"]
    lines += _prose(command.help or "")
    lines += [".SH OPTIONS", *_options(parameters), *_exits(), ".SH EXAMPLES"]
    lines += [".nf", *map(_text, command.examples), ".fi"]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR mkmodelfile (1)"]) + "\n"


def _head(name: str, about: str) -> list[str]:
    about = about.rstrip(".")
    return [
        f'.TH {_text(name.upper())} 1 {DAY} modelfile\\-kit "modelfile\\-kit manual"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(about[0].lower() + about[1:])}",
    ]


def _exits() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in EXITS.items():
        yield from (".TP", f".B {code}", meaning)


def _options(parameters: list[click.Parameter]) -> Iterator[str]:
    for option in parameters:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in [*option.opts, *option.secondary_opts])
        value = "" if option.is_flag or option.count else f" \\fI{_text(_value(option))}\\fR"
        default = f" The default is {option.default}." if option.show_default and option.default else ""
        help_text = " ".join((option.help or "").split())
        ended = help_text if not help_text or help_text.endswith((".", "`)")) else f"{help_text}."
        yield from (".TP", f"{names}{value}", *_wrapped(f"{ended}{default}".strip() or "See above."))


def _value(option: click.Option) -> str:
    choices = getattr(option.type, "choices", None)
    return "|".join(map(str, choices)) if choices else option.metavar or option.type.name.upper()


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; the first has no mark, as its head stands right above it."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(text))):
        if number:
            yield ".PP"
        yield from _wrapped(paragraph.replace("\b", ""))


def _first(text: str) -> str:
    return inspect.cleandoc(text).partition("\n")[0]


def _wrapped(text: str) -> list[str]:
    """A text in lines of at most 80 bytes."""
    lines: list[str] = [""]
    for word in map(_text, text.split()):
        joined = f"{lines[-1]} {word}".strip()
        if len(joined.encode()) <= WIDTH:
            lines[-1] = joined
        else:
            lines.append(word)
    return [line for line in lines if line]


def _text(text: str) -> str:
    """A text as roff has it: nothing of it is a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("~", "\\(ti")
    escaped = escaped.replace("^", "\\(ha").replace("'", "\\(aq").replace('"', "\\(dq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
