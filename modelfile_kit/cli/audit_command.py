"""`mkmodelfile audit`."""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from ..audit.journal import open_journal, read_rows
from ..audit.rows import ERROR, FAILED, OK, VERDICTS, Row, worst
from ..audit.run import audit
from ..audit.sources import expand, told_names
from ..audit.tables import PAGE, PARQUET, require_parquet, summary, worst_first, write_page, write_parquet
from ..audit.templates import Judgements, cache_folder
from ..audit.workers import Workers, dask_workers, local_workers
from ..core.progress import Step
from ..core.urls import shown_url
from ..report import Case, Report, Status
from .command import Command
from .common import format_option, host_option, print_report, say
from .progress import step_progress

SHOWN = 20  # models that are told in words; the table has all


@click.command(
    "audit",
    cls=Command,
    examples=(
        "mkmodelfile audit ./models --output audit",
        "mkmodelfile audit hf.co/unsloth --jobs 16 --parquet --output audit",
        "mkmodelfile audit ollama:// names.txt --format json",
        "mkmodelfile audit names.txt --dask tcp://scheduler:8786 --output audit",
    ),
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write the rows, a page and with --parquet a table here; an audit that was broken off goes on.",
)
@click.option("--parquet", is_flag=True, help=f"With --output: also write {PARQUET}.")
@click.option("--again", is_flag=True, help="With --output: look at all models again.")
@click.option("--no-cache", is_flag=True, help="Prove every template again.")
@click.option(
    "-j", "--jobs", metavar="N", type=click.IntRange(1, 1024), help="Worker processes; by default one a core."
)
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Work on a Dask cluster: its scheduler's address, or `local` for one on this machine.",
)
@host_option
@click.option(
    "--fail-on",
    type=click.Choice(["failed", "error", "warning", "info", "never"]),
    default="error",
    show_default=True,
    help="Least verdict of a model that makes the exit code 1.",
)
@format_option
def command(
    sources: tuple[str, ...],
    output: Path | None,
    parquet: bool,
    again: bool,
    no_cache: bool,
    jobs: int | None,
    dask: str | None,
    host: str | None,
    fail_on: str,
    output_format: str,
) -> None:
    """Look at many models by their headers and chat templates alone.

    A SOURCE is any name of a model, a folder, a text file with a name a line, `hf.co/OWNER` for all of its
    repositories with GGUF files, or `ollama://` for every model of a server. Each model gets a row: what it
    is, whether it is sound, its projector, its memory, what a compiled TEMPLATE comes to, how its replies are
    read, and a verdict. A chat template is proven once, however many models carry it.
    """
    if output is None and (parquet or again):
        raise click.UsageError("--parquet and --again need --output")
    if parquet:
        require_parquet()
    names = expand(sources, host)
    say(f"{len(names):,} model{'s' if len(names) != 1 else ''}")
    count = jobs or os.cpu_count() or 1
    judgements = Judgements(None if no_cache else cache_folder())
    known = read_rows(output) if output and not again else {}
    workers = dask_workers(dask, count) if dask else local_workers(count)
    rows, read = _run(names, workers, judgements, known, output)
    told = [rows[name] for name in told_names(names).values()]
    if output is not None:
        write_page(told, output / PAGE)
        if parquet:
            write_parquet(told, output / PARQUET)
        say(f"wrote {output / PAGE}" + (f" and {output / PARQUET}" if parquet else ""))
    if read:
        say(f"read {read / 1e6:,.1f} MB, {read / len(names) / 1e6:,.2f} MB a model")
    print_report(_report(sources, told, output_format), output_format)
    limit = VERDICTS.index(fail_on) if fail_on in VERDICTS else len(VERDICTS)
    if VERDICTS.index(worst([row.verdict for row in told])) >= limit:
        raise click.exceptions.Exit(1)


def _run(
    names: list[str],
    opened: AbstractAsyncContextManager[Workers],
    judgements: Judgements,
    known: dict[str, Row],
    output: Path | None,
) -> tuple[dict[str, Row], int]:
    """The rows by name, and the bytes that were read."""
    rows: dict[str, Row] = {}
    read = 0

    async def work() -> None:
        nonlocal read
        async with opened as workers:
            async for done in audit(names, workers, judgements, known):
                rows[done.row.name] = done.row
                read += done.read
                if journal is not None and done.new:
                    journal.add(done.row)
                if progress is not None:
                    progress(Step("audit", done.row.name, len(rows), len(names)))

    with step_progress() as progress:
        if output is None:
            journal = None
            asyncio.run(work())
        else:
            with open_journal(output) as journal:
                asyncio.run(work())
    return rows, read


def _report(sources: tuple[str, ...], rows: list[Row], output_format: str) -> Report:
    facts = summary(rows)
    worst_rows = worst_first(rows)
    if output_format == "text":
        listed = worst_rows[:SHOWN]
        facts = {key: _words(value) for key, value in facts.items()}
        if len(worst_rows) > len(listed):
            facts["not shown"] = f"{len(worst_rows) - len(listed):,} more with findings (--output has all)"
    else:
        listed = rows
    return Report("audit", " ".join(map(shown_url, sources)), tuple(map(_case, listed)), facts=facts)


def _words(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{count:,} {name}" for name, count in list(value.items())[:SHOWN]) or "none"
    return value


def _case(row: Row) -> Case:
    status = {OK: Status.PASSED, ERROR: Status.FAILED, FAILED: Status.FAILED}.get(row.verdict, Status.PASSED)
    summary_ = row.error or " ".join(filter(None, (row.findings, row.safety))) or row.verdict
    return Case(row.name, status, summary_, data=row.to_dict())
