"""What several commands share: their options, the printing of reports, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, UsageError
from ..core.file_kinds import GGUF, is_gguf
from ..core.files import read_file, require_unread, write_atomically
from ..core.foreign_text import shown
from ..core.http_client import patience
from ..core.sizes import read_memory
from ..report import FORMATS, Report, render
from ..report.terminal import findings_lines, wrapped
from .flags import current_flags
from .output import columns, panel_width, tell, wants_color, write_report
from .progress import nobody_waits, step_progress

if TYPE_CHECKING:
    from ..publish.reply_trials import ReplyReport, Source

NEXT = "modelfile_kit.next"  # of a context's `meta`: what to say as the very last line
_REPORTS = "modelfile_kit.reports"  # what `--report` asks for, in the context of the command

Command = TypeVar("Command", bound=Callable[..., Any])


def format_option(command: Command) -> Command:
    """`--format text|json|github|sarif|junit|gitlab`, and `--report FORMAT=FILE` for others beside it."""
    option = click.option(
        "--format",
        "output_format",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Format of the findings on stdout.",
    )
    return option(report_option(command))


def report_option(command: Command) -> Command:
    """`--report FORMAT=FILE`: the report in files, beside what the command prints."""
    return click.option(
        "--report",
        multiple=True,
        metavar="FORMAT=FILE",
        expose_value=False,
        callback=_keep_reports,
        help="Also write the report into a file, in any of the formats; may be given several times.",
    )(command)


def _keep_reports(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> None:
    wanted = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS or not equals or not file:
            raise click.BadParameter(f"{value!r}: expected FORMAT=FILE, where FORMAT is {', '.join(FORMATS)}")
        wanted.append((name, Path(file)))
    ctx.meta[_REPORTS] = wanted


def reports_of(ctx: click.Context) -> Sequence[tuple[str, Path]]:
    """The formats and files of `--report`."""
    wanted: Sequence[tuple[str, Path]] = ctx.meta.get(_REPORTS, ())
    return wanted


class NumberRange(click.FloatRange):
    """A range of numbers, of which neither `nan` nor `inf` is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


def memory_size(text: str) -> int:
    """Bytes of a size that an option has. Raises BadParameter for what is none."""
    try:
        return read_memory(text)
    except UsageError as error:
        raise click.BadParameter(error.message) from error


def fail_on_option(default: str) -> Callable[[Command], Command]:
    """`--fail-on error|warning|info`."""
    return click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "info"]),
        default=default,
        show_default=True,
        help="Least severity of a finding that makes the exit code 1.",
    )


def html_option(command: Command) -> Command:
    """`--html FILE`: the page, beside the report on stdout."""
    return click.option(
        "--html",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Also write the report as one HTML page that needs no network.",
    )(command)


def package_argument(command: Command) -> Command:
    """`[PACKAGE]`: a folder with a mkmodelfile.yaml, or such a file; the current folder by default."""
    return click.argument("package", type=click.Path(path_type=Path), default=Path())(command)


def file_options(command: Command) -> Command:
    """`--model` and `--projector`: other files in the place of the package's."""
    command = click.option(
        "--projector", metavar="FILE-or-NAME", help="Use this projector (or `none`) instead of the package's."
    )(command)
    help_text = "Use this GGUF instead of the package's; also a name such as hf.co/ORG/REPO:Q4_K_M."
    return click.option("--model", metavar="FILE-or-NAME", help=help_text)(command)


def tokenizer_option(command: Command) -> Command:
    """`--tokenizer`: the original model's own tokenizer."""
    return click.option(
        "--tokenizer",
        metavar="FILE-or-NAME",
        help="Compare the GGUF's vocabulary with this tokenizer of the original model: a file, a folder or a "
        "name such as hf.co/ORG/REPO (`auto`: beside the model; `none`).",
    )(command)


def host_option(command: Command) -> Command:
    """`--host`: which server; and how much of it is borne."""
    command = patience_options(command)
    return click.option(
        "--host", metavar="URL", help="Ollama server; by default OLLAMA_HOST, or this machine."
    )(command)


def insecure_option(command: Command) -> Command:
    """`--insecure`: a registry without HTTPS."""
    return click.option(
        "--insecure", is_flag=True, help="The registry speaks plain HTTP; for one in your own network."
    )(command)


def patience_options(command: Command) -> Command:
    """`--deadline` and `--min-rate`: how long and how slow an answer of a server may be.

    They hold for every client that the command opens (`core.http_client.patience`).
    """
    command = click.option(
        "--min-rate",
        metavar="BYTES",
        type=click.FloatRange(min=0),
        expose_value=False,
        callback=_bear,
        help="Give up a server that answers with fewer bytes a second than this; by default 100.",
    )(command)
    return click.option(
        "--deadline",
        metavar="SECONDS",
        type=click.FloatRange(min=0, min_open=True),
        expose_value=False,
        callback=_bear,
        help="Give up an answer, an upload or a header by URL that takes longer than this in all.",
    )(command)


def _bear(ctx: click.Context, parameter: click.Parameter, value: float | None) -> None:
    if value is None:
        return
    if not isfinite(value):
        raise click.BadParameter(f"{value} is no number of seconds or bytes")
    chosen = {"deadline": value} if parameter.name == "deadline" else {"least_rate": value}
    ctx.with_resource(patience(**chosen))


def finish(report: Report, output_format: str) -> None:
    """Prints a report to stdout and ends the command: 0 when all is well, 1 when not.

    After a failure the last line names the page of its first error, unless the command has said what is next.
    """
    print_report(report, output_format)
    if not report.ok:
        wrong = [d.code for d in report.all_diagnostics() if report.fails((d,))]
        if report.brief and output_format == "text" and wrong:
            click.get_current_context().meta.setdefault(NEXT, f"next: mkmodelfile explain {wrong[0]}")
        raise click.exceptions.Exit(1)


def print_report(report: Report, output_format: str) -> None:
    """A report on stdout, in colours and wrapped where that is a terminal, and in the files of `--report`."""
    write_report_files(report)
    current_flags().shown += [*report.diagnostics, *(d for c in report.cases for d in c.diagnostics)]
    details = not report.brief or current_flags().verbose
    text = render(
        report,
        output_format,
        color=wants_color(sys.stdout),
        width=columns(sys.stdout),
        details=details,
        frames=panel_width(sys.stdout) is not None,
    )
    write_report(text, output_format)


def write_page(file: Path, report: Report, *more: Report) -> None:
    """Reports as one HTML page, which is written beside its place and renamed."""
    from ..report.html import render as render_page

    require_unread(file)
    write_atomically(file, render_page(report, *more).encode("utf-8", "surrogateescape"))
    say(f"wrote {file}")


def write_report_files(report: Report) -> None:
    """A report in the files that `--report` names."""
    context = click.get_current_context(silent=True)
    for name, file in reports_of(context) if context else ():
        whole = render(report, name)
        whole = shown(whole, lines=True) if name == "text" else whole
        require_unread(file)
        write_atomically(file, whole.encode("utf-8", "backslashreplace"))


def say(message: str) -> None:
    """A remark for people, on stderr, unless --quiet."""
    if not is_quiet():
        width = columns(sys.stderr)
        tell("\n".join(part for line in message.split("\n") for part in wrapped(line, "  ", width)))


def say_drawn(lines: Iterable[str]) -> None:
    """Lines that fit their terminal already, such as those of a panel, on stderr, unless --quiet."""
    if not is_quiet():
        tell("\n".join(lines))


def print_serious(diagnostics: Iterable[Diagnostic], output_format: str = "text") -> tuple[Diagnostic, ...]:
    """Errors and warnings for people, on stderr; gives what is left for the report at the end.

    Remarks are left, which a brief report only names (--verbose prints them at once); where the report is
    for programs, all findings are.
    """
    found = tuple(diagnostics)
    if output_format != "text":
        return found
    if current_flags().verbose:
        print_diagnostics(found)
        return ()
    print_diagnostics(d for d in found if d.severity is not Severity.INFO)
    return tuple(d for d in found if d.severity is Severity.INFO)


def print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Findings for people, on stderr; --quiet leaves only the errors."""
    shown = [d for d in diagnostics if d.severity is Severity.ERROR or not is_quiet()]
    current_flags().shown += shown
    lines = findings_lines(shown, color=wants_color(sys.stderr), width=columns(sys.stderr))
    if lines:
        tell("\n".join(lines))


def is_quiet() -> bool:
    """Whether --quiet was given."""
    return current_flags().quiet


def is_verbose() -> bool:
    """Whether --verbose was given."""
    return current_flags().verbose


def read_text(path: str) -> str:
    """Text of a file, or of standard input for `-`. Raises UsageError when it is not UTF-8 text."""
    return decoded(read_bytes(path), path)


def decoded(data: bytes, path: str) -> str:
    """The text of a file that was read. Raises UsageError when it is not UTF-8 text."""
    if is_gguf(data):
        raise UsageError(f"this is {GGUF.what}, expected text", span=in_file(None, path), help=GGUF.taken_by)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            span=in_file(None, path),
            help="give a text file",
        ) from error


def read_bytes(path: str, limit: int = -1) -> bytes:
    """Bytes of a file, or of standard input for `-`; of a larger one the first `limit`."""
    if path == "-":
        with nobody_waits() if sys.stdin.isatty() else nullcontext():
            return sys.stdin.buffer.read(limit)
    return read_file(Path(path), limit)


def in_file(span: Span | None, file: str) -> Span:
    """The place of a finding about a text that was read from `file`, where it does not say so itself."""
    name = "<stdin>" if file == "-" else file
    return Span(name) if span is None else span if span.file else replace(span, file=name)


@contextmanager
def errors_in(file: str) -> Iterator[None]:
    """Errors about a text say which file it was read from."""
    try:
        yield
    except KitError as error:
        error.span = in_file(error.span, file)
        raise


def tried_replies(source: Source | None, name: str, host: str | None) -> ReplyReport:
    """What a server makes of every kind of reply; source: None for what the server says of the model."""
    from ..publish.reply_sources import source_of_served
    from ..publish.reply_trials import try_replies
    from ..runtime.ollama.client import OllamaServer

    say("asking for every kind of reply; a small model that writes them stands in for the model")
    with OllamaServer(host) as server, step_progress() as progress:
        return try_replies(server, name, source or source_of_served(server, name), progress=progress)
