"""What every command takes, for completion: modelfile_kit/cli/completion_table.json (by `tools.docs`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from modelfile_kit.cli.completion import KINDS
from modelfile_kit.cli.flags import FLAGS
from modelfile_kit.cli.main import _COMMANDS, cli

# What an option's value is: by its name, or by its name with its command.
OPTIONS: Mapping[str, str] = {
    "--api-key-file": "path",
    "--baseline": "path",
    "--cache": "folder",
    "--chat-template": "template",
    "--config": "path",
    "--draft": "gguf",
    "--file": "path",
    "--html": "path",
    "--ignore": "code",
    "--imatrix": "path",
    "--jinja": "template",
    "--llama-quantize": "path",
    "--llama-server": "path",
    "--messages": "json",
    "--model": "gguf",
    "--modelfile": "modelfile",
    "--output": "path",
    "--package": "package",
    "--parquet": "path",
    "--projector": "gguf",
    "--select": "code",
    "--target": "release",
    "--template": "gotmpl",
    "--tokenizer": "tokenizer",
    "--tools": "json",
    "--variant": "variant",
    "caption --model": "model",
    "patch --delete": "key",
    "patch --set": "assignment",
}
# What an argument is, by its command: a new argument is a row.
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "adopt": ("model",),
    "audit": ("gguf",),
    "build": ("package",),
    "caption": ("image",),
    "check": ("package",),
    "compile": ("template",),
    "completion": ("choice",),
    "diff": ("path", "path"),
    "doctor": ("package",),
    "explain": ("code",),
    "fit": ("gguf-or-package",),
    "fmt": ("modelfile",),
    "init": ("gguf",),
    "inspect": ("gguf",),
    "lint": ("modelfile",),
    "micro": ("package",),
    "patch": ("gguf",),
    "play": ("template-or-package",),
    "publish": ("package",),
    "pull": ("package",),
    "push": ("package",),
    "quantize": ("gguf", "quantization"),
    "render": ("path",),
    "repair": ("model",),
    "rollback": ("model",),
    "serve": ("package",),
    "test": ("package",),
    "verify": ("model",),
}
# Values of which nothing is known, by the word for them in the help.
TEXTS = frozenset({"text", "integer", "float", "integer range", "float range", "uuid"})


def table() -> str:
    """The table as JSON, a line for each option."""
    context = click.Context(cli, info_name="mkmodelfile")
    commands = {}
    for name, about in _COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        commands[name] = {
            "help": about,
            "arguments": [_argument(name, each, number) for number, each in enumerate(arguments)],
            "options": [_option(name, each) for each in options],
        }
    shared = [_option("", flag) for flag in FLAGS]
    shared.append(
        {"names": ["--help", "-h"], "help": "Show what the command takes.", "kind": "", "many": False}
    )
    return json.dumps({"options": shared, "commands": commands}, ensure_ascii=False, indent=1) + "\n"


def kind_of_option(command: str, option: click.Option) -> str:
    """What the value of an option is, one of `completion.KINDS`; "" for a flag."""
    if option.is_flag or option.count:
        return ""
    if isinstance(option.type, click.Choice):
        return "choice"
    for name in option.opts:
        if (known := OPTIONS.get(f"{command} {name}") or OPTIONS.get(name)) is not None:
            assert known in KINDS, known
            return known
    return "path" if isinstance(option.type, click.Path) else "text"


def _option(command: str, option: click.Option) -> dict[str, Any]:
    names = sorted([*option.opts, *option.secondary_opts], key=len, reverse=True)
    kind = kind_of_option(command, option)
    found = {"names": names, "help": _first(option.help or ""), "kind": kind, "many": option.multiple}
    return found | _choices(option)


def _argument(command: str, argument: click.Argument, number: int) -> dict[str, Any]:
    kind = ARGUMENTS[command][number]
    assert kind in KINDS, kind
    return {"kind": kind, "many": argument.nargs == -1} | _choices(argument)


def _choices(parameter: click.Parameter) -> dict[str, list[str]]:
    known = parameter.type
    return {"choices": [str(choice) for choice in known.choices]} if isinstance(known, click.Choice) else {}


def _first(text: str) -> str:
    """The first sentence of a help text, in one line."""
    line = " ".join(text.split())
    return line.partition(". ")[0].partition("; ")[0].rstrip(".")
