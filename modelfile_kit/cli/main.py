"""Finds the command, runs it, and turns every error into one message and the right exit code.

Exit codes: 0 fine, 1 findings, 2 wrong usage or a broken environment, 130 interrupted.
Only click is imported here; a command's module is imported when the command is run.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
import traceback
from dataclasses import replace
from importlib import import_module
from typing import Any

import click

from ..core.interrupts import terminated_as_interrupted
from ..core.urls import hide_logins, without_logins
from ..core.version import __version__
from .command import HELP_NAMES, Command, fit_help
from .flags import FLAGS, Flags, flag_options
from .output import columns, tell, wants_color, write_report

ASKS = "_MKMODELFILE_COMPLETE"
"""The environment's variable that holds the name of the shell that asks for completions."""

_COMMANDS = {
    "demo": "Package the built-in micro model and ask it about images.",
    "init": "Write a mkmodelfile.yaml from the metadata of GGUF files.",
    "inspect": "Describe a GGUF file, and what Ollama will do with it.",
    "audit": "Look at many models by their headers and chat templates: a table and a report.",
    "fit": "Say how much memory a model needs, and which context fits.",
    "pull": "Fetch the files of a model's name, or of a package.",
    "patch": "Write a copy of a GGUF with other metadata.",
    "diff": "Compare two GGUFs, templates, Modelfiles, packages or models on a server.",
    "quantize": "Quantize a GGUF to one type or several.",
    "compile": "Compile a chat template into a Go TEMPLATE.",
    "render": "Show the prompt of a conversation, as Ollama or as Hugging Face renders it.",
    "play": "Try conversations on a local page: prompts, tokens and replies while you type.",
    "build": "Write a validated Modelfile for a package.",
    "check": "Compare a package's prompts with its chat template.",
    "lint": "Lint Modelfiles.",
    "fmt": "Format Modelfiles.",
    "explain": "Explain the code of a finding.",
    "schema": "Print the JSON Schema of mkmodelfile.yaml.",
    "completion": "Print the script that completes command lines in a shell.",
    "lsp": "Run the language server for editors.",
    "test": "Run golden template regression tests.",
    "micro": "Write a micro model that stands in for a package's own.",
    "publish": "Create a package on an Ollama server and verify it there.",
    "push": "Push a package to a registry or a hub.",
    "rollback": "Give a model's name back to the model that a publish or repair replaced.",
    "verify": "Verify a model on an Ollama server: prompts, tokens, stop tokens, images.",
    "serve": "Serve a package with llama-server, for clients of OpenAI's API.",
    "caption": "Describe images with a model, many at once.",
    "adopt": "Make a package of a model on an Ollama server.",
    "repair": "Give an installed model the TEMPLATE, PARSER and stops that are proven for it.",
    "doctor": "Find out what is wrong with the environment, a package, or an error text.",
}
# The order and the groups in which --help shows them.
_GROUPS = {
    "Packages": ("demo", "init", "build", "check", "test", "play", "micro"),
    "Servers": ("publish", "push", "pull", "rollback", "verify", "adopt", "repair", "serve", "caption"),
    "Files": ("inspect", "audit", "diff", "fit", "patch", "quantize", "compile", "render", "lint", "fmt"),
    "Editors and shells": ("lsp", "schema", "completion"),
    "Help": ("doctor", "explain"),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        return list(HELP_NAMES)

    def get_help(self, ctx: click.Context) -> str:
        fit_help(ctx)
        return super().get_help(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f".{cmd_name}_command", __package__)
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, _COMMANDS))
        for title, names in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), _COMMANDS[name]) for name in names])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            from ..core.near_words import near_word

            near = near_word(args[0], _COMMANDS) if args else ""
            if near:
                raise click.UsageError(f"{error.message} Did you mean '{near}'?", ctx) from error
            raise
        if command is not None and not isinstance(command, Command):
            command.params = [*command.params, *FLAGS]
        return name, command, rest


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="mkmodelfile")
@flag_options
def cli() -> None:
    """Package GGUF models for Ollama and verify prompts, stop tokens and vision.

    Results go to stdout, progress and remarks to stderr. Exit codes: 0 fine, 1 findings,
    2 wrong usage or a broken environment. -q, -v and --debug work before and after the command.
    """


def main(args: list[str] | None = None) -> None:
    """Entry point of the console script; never returns."""
    collect_seldom()
    arguments = sys.argv[1:] if args is None else args
    sys.exit(run(arguments))


def collect_seldom() -> None:
    """Has Python look for cyclic garbage after 20,000 new objects, not after 700.

    Trees of templates are large and in use until a command ends: looking through them again and again takes a
    tenth of the time, and finds nothing.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def run(arguments: list[str]) -> int:
    """Runs one command line; returns the exit code. Errors become messages on stderr."""
    _make_streams_lenient()
    if shell := os.environ.get(ASKS):
        from .completion import SHELLS, answer

        if shell in SHELLS:  # anything else is not from one of our scripts
            return answer(arguments, shell)
    flags = Flags()
    try:
        # Not cli.main(): it would swallow a closed pipe and an interrupt before we see them.
        with (
            terminated_as_interrupted(),
            cli.make_context("mkmodelfile", list(arguments), obj=flags) as context,
        ):
            cli.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except getattr(click.exceptions, "NoArgsIsHelpError", ()) as error:  # since click 8.2
        error.show()
        return 2
    except click.ClickException as error:
        return _wrong_usage(error, arguments, flags)
    except (KeyboardInterrupt, click.Abort):
        with contextlib.suppress(OSError):  # a terminal that was closed takes no more words
            tell("interrupted")
        return 130
    except Exception as error:
        try:
            if flags.debug:
                tell("".join(traceback.format_exception(error)), nl=False)
            return _explain(error, flags)
        except OSError:  # stderr takes no words: exit code 1 would be findings
            return 2
    finally:
        flags.explain_shown()


def _wrong_usage(error: click.ClickException, arguments: list[str], flags: Flags) -> int:
    """A command line that click refuses: MK901, on stderr, or as a report where one was asked for."""
    from ..core.diagnostics import Diagnostic, Severity
    from ..report import FORMATS, Report, render
    from ..report.terminal import findings_lines

    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "mkmodelfile"
    hint = f"`{path} --help` lists what it takes"
    message = error.format_message().replace("\n\t", " ")  # click lists choices below one another
    found = Diagnostic("MK901", Severity.ERROR, hide_logins(message), None, hint)
    flags.shown.append(found)
    asked = _asked_format(arguments)
    if asked in FORMATS and asked != "text":
        command = path.removeprefix("mkmodelfile").strip() or "mkmodelfile"
        given = hide_logins(" ".join(arguments))
        write_report(render(Report(command, given, diagnostics=(found,)), asked), asked)
    if context:
        tell(context.get_usage())
    lines = findings_lines((found,), color=wants_color(sys.stderr), width=columns(sys.stderr))
    tell("\n".join(lines))
    return 2


def _asked_format(arguments: list[str]) -> str:
    """The value of --format on a command line that could not be read."""
    for place, argument in enumerate(arguments):
        if argument == "--format":
            return next(iter(arguments[place + 1 :]), "")
        if argument.startswith("--format="):
            return argument.partition("=")[2]
    return ""


def _explain(error: Exception, flags: Flags) -> int:
    from ..core.diagnostics import Diagnostic
    from ..core.errors import KitError
    from ..report.terminal import findings_lines

    findings: tuple[Diagnostic, ...]
    code = 2
    if isinstance(error, KitError):
        findings, code = error.findings, error.exit_code
    else:
        findings = (_unplanned(error),)
    if isinstance(error, BrokenPipeError):
        return _quiet_pipe()
    findings = without_logins(findings)
    flags.shown += findings
    lines = findings_lines(findings, color=wants_color(sys.stderr), width=columns(sys.stderr))
    tell("\n".join(lines))
    return code


def _unplanned(error: Exception) -> Any:
    from ..core.diagnostics import Diagnostic, Severity, Span
    from ..core.os_errors import os_finding

    if isinstance(error, OSError):
        found = os_finding(error)
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            # Only streams fail without a name.
            return replace(found, span=Span("<stdout>"), help="write the output elsewhere")
        return found
    if isinstance(error, MemoryError):
        return Diagnostic(
            "MK904", Severity.ERROR, "out of memory", None, "close other programs, or use --debug"
        )
    return Diagnostic(
        "MK999",
        Severity.ERROR,
        hide_logins(f"internal error: {type(error).__name__}: {error}"),
        None,
        "this is a bug in modelfile-kit; run again with --debug and report what it shows",
    )


def _quiet_pipe() -> int:
    # The reader of a pipe has gone (`mkmodelfile … | head`); Python would complain again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _make_streams_lenient() -> None:
    # A stream that the caller has closed (`>&-`) is None to Python.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    # Prompts are full of characters that an ASCII or cp1252 terminal lacks; show escapes, do not die.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # What reads a pipe or a file expects UTF-8; a terminal shows what its own encoding has.
            keep = (stream.encoding or "").lower().startswith("utf") or stream.isatty()
            stream.reconfigure(encoding=None if keep else "utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
