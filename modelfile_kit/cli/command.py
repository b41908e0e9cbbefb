"""A command whose help has its options in groups and its examples at the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ..core.beside import take_removed
from ..core.files import require_no_output, told_to_write
from ..core.foreign_text import shown
from ..core.sizes import size_text
from .common import NEXT, print_report, reports_of, say, write_report_files
from .flags import FLAGS, current_flags
from .names import say_names
from .output import tell
from .progress import watched

# Options by what they are about; every other option is a command's own and comes first.
_GROUPS: dict[str, frozenset[str]] = {
    "Files": frozenset({"--model", "--projector", "--target", "--package", "--bos", "--eos"}),
    "Server": frozenset({"--host", "--url", "--port", "--api-key-file"}),
    "Output": frozenset({"--format", "--report", "--fail-on", "--html", "--output", "--json"}),
    "Help": frozenset({"--debug", "--quiet", "--verbose", "--help"}),
}

HELP_NAMES = ("-h", "--help")
CLICKS_LEAST_WIDTH = 50  # click/formatting.py, HelpFormatter
WORTH_SAYING = 1 << 20  # bytes that the disk has again


class _Narrow(click.HelpFormatter):
    """For terminals that are narrower than click has in mind."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options, with their meaning below those that are long."""
        super().write_dl(rows, min(col_max, self.width // 3), col_spacing)


def fit_help(ctx: click.Context) -> None:
    """Has the help of a context fit the terminal, where that is narrower than click's least width."""
    width = shutil.get_terminal_size().columns
    if width < CLICKS_LEAST_WIDTH + 2:
        ctx.terminal_width, ctx.formatter_class = max(width - 1, 24), _Narrow


class Command(click.Command):
    """examples: whole command lines, the most useful first."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = tuple(examples)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it, shows how far it is, and says at the end what its names of models were.

        An error with exit code 1 is a finding: where a format for programs was asked for, it is the command's
        report. Wrong usage and a broken environment stay messages on stderr.
        """
        try:
            try:
                with watched(str(self.name)), told_to_write(_outputs(ctx)):
                    for path in _named_files(ctx):
                        require_no_output(path)
                    done = super().invoke(ctx)
            except Exception as error:
                self._report(error, ctx)
                raise
            finally:
                say_names()
                _say_removed()
        except click.exceptions.Exit:
            _say_next(ctx)
            raise
        _say_next(ctx)
        return done

    def _report(self, error: Exception, ctx: click.Context) -> None:
        """Writes an error as a report and ends the command, where that is what was asked for."""
        from ..core.errors import KitError
        from ..core.urls import hide_logins, shown_url, without_logins
        from ..report import FORMATS, Report

        asked = ctx.params.get("output_format", "text")
        if not isinstance(error, KitError) or error.exit_code != 1:
            return
        if asked not in FORMATS:  # `caption` has formats of its own
            return
        given = (ctx.params.get(p.name or "") for p in self.params if isinstance(p, click.Argument))
        words = (word for value in given for word in (value if isinstance(value, tuple) else (value,)))
        subject = " ".join(hide_logins(shown_url(str(word))) for word in words if word is not None)
        report = Report(str(self.name), subject, diagnostics=without_logins(error.findings))
        if asked == "text":  # main says it on stderr
            write_report_files(report)
            return
        print_report(report, asked)
        raise click.exceptions.Exit(error.exit_code) from error

    def get_help(self, ctx: click.Context) -> str:
        """The help, as wide as the terminal."""
        fit_help(ctx)
        return super().get_help(ctx)

    def get_usage(self, ctx: click.Context) -> str:
        """The first line of it, as wide as the terminal."""
        fit_help(ctx)
        return super().get_usage(ctx)

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """The same in every context: click remembers those of the first, whichever that was."""
        return list(HELP_NAMES)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own, and those that every command takes."""
        *own, last = super().get_params(ctx)
        return [*own, *FLAGS, last]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the groups that several commands share."""
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *_GROUPS)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups[_group_of(parameter)].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line of its own."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _say_removed() -> None:
    """What a run that was killed had left, where it was large."""
    for path, size in take_removed():
        if size >= WORTH_SAYING:
            say(f"removed {shown(str(path))}, which a run that was killed had left ({size_text(size)})")


def _outputs(ctx: click.Context) -> Iterator[tuple[str, Path]]:
    """The files that the options of every command have it write."""
    yield from (("--report", file) for _, file in reports_of(ctx))
    if isinstance(page := ctx.params.get("html"), Path):
        yield "--html", page


def _named_files(ctx: click.Context) -> Iterator[Path]:
    """What the other arguments and options name, where it is a file: a child process may be what reads it."""
    for name, value in ctx.params.items():
        for one in value if isinstance(value, tuple) else (value,):
            if name != "html" and isinstance(one, (str, Path)) and one:
                yield Path(one)


def _say_next(ctx: click.Context) -> None:
    """The last line, whole, so that it can be copied."""
    if NEXT in ctx.meta and not current_flags().quiet:
        current_flags().explain_shown()
        tell(ctx.meta[NEXT])


def _group_of(parameter: click.Parameter) -> str:
    return next((title for title, names in _GROUPS.items() if names & set(parameter.opts)), "Options")
