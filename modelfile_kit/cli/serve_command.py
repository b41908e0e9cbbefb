"""`mkmodelfile serve`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..building.build import Build, build, default_output, model_files
from ..building.output import write_files
from ..core.errors import EngineError, ServerError
from ..core.foreign_text import shown
from ..core.progress import working
from ..package.package import load_package
from ..report import Report
from ..serve.command_line import (
    ALL_LAYERS,
    DEFAULT_HOST,
    DEFAULT_PORT,
    TEMPLATE_FILE,
    CommandLine,
    ServeOptions,
    gpu_finding,
    make_command_line,
)
from ..serve.key import KEY_VARIABLE, read_key
from ..serve.printed import PRINTED
from ..serve.process import ServerProcess, Stopper, check_port, free_port
from ..serve.program import LLAMA_SERVER, find_program
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    is_quiet,
    patience_options,
    print_diagnostics,
    say,
)
from .flags import current_flags
from .names import bring_files
from .output import deliver, tell
from .progress import nobody_waits, step_progress
from .variants import one_variant, one_variant_option


class _Layers(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if value == "all":
            return ALL_LAYERS
        if str(value).isascii() and str(value).isdigit() and len(str(value)) < 6:
            return int(value)
        raise click.BadParameter(f"{value!r} is neither a number of layers nor `all`", ctx, param)


@click.command(
    "serve",
    cls=Command,
    examples=(
        "mkmodelfile serve",
        "mkmodelfile serve ./my-package --port 8000 --gpu-layers all",
        "mkmodelfile serve ./my-package --variant q8_0 --print compose",
        "mkmodelfile serve --check http://127.0.0.1:11434/v1 --alias my-model --package ./my-package",
    ),
)
@click.argument("package", metavar="[PACKAGE]", default=".")
@one_variant_option
@file_options
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--context",
    type=click.IntRange(1),
    metavar="N",
    help="Tokens of a prompt and its reply; by default the package's num_ctx, or 4096.",
)
@click.option("--gpu-layers", type=_Layers(), help="Layers on the GPU; by default the package's num_gpu.")
@click.option("--parallel", type=click.IntRange(1, 256), metavar="N", help="Requests answered at a time.")
@click.option("--alias", help="The model's name for clients; by default the package's name.")
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    help=f"File with API keys, one a line; without it the variable {KEY_VARIABLE}.",
)
@click.option(
    "--llama-server", "program", type=click.Path(path_type=Path), help="This llama-server, not the one found."
)
@click.option(
    "--print", "printed", type=click.Choice(list(PRINTED)), help="Print how to run it, and do not run it."
)
@click.option(
    "--check",
    is_flag=True,
    help="Verify a server instead: PACKAGE is the URL of any server with OpenAI's API, or a package that is "
    "served for the check.",
)
@click.option(
    "--package",
    "promised",
    type=click.Path(path_type=Path),
    help="With --check URL: what this package promises has to be there.",
)
@patience_options
@format_option
def command(
    package: str,
    variant: str | None,
    model: str | None,
    projector: str | None,
    host: str,
    port: int,
    context: int | None,
    gpu_layers: int | None,
    parallel: int | None,
    alias: str | None,
    api_key_file: Path | None,
    program: Path | None,
    printed: str | None,
    check: bool,
    promised: Path | None,
    output_format: str,
) -> None:
    """Serve a package with llama-server, for clients of OpenAI's API, or verify such a server.

    PACKAGE: a folder with a mkmodelfile.yaml. Ends with Ctrl-C, SIGTERM or SIGHUP. With -v the log of
    llama-server is shown on stderr.
    """
    if printed and (check or port == 0):
        raise click.UsageError("--print goes with neither --check nor --port 0")
    by_url = check and "://" in package
    if promised is not None and not by_url:
        raise click.UsageError("--package is for --check URL")
    if by_url and promised is None and (model or projector or variant):
        raise click.UsageError("--model, --projector and --variant need --package")
    key = read_key(api_key_file)
    if by_url:
        built = _build(promised, variant, model, projector) if promised else None
        report = _check(package, key or None, alias, built)
        finish(replace(report, brief=True), output_format)
        return
    if check or port == 0:
        port = free_port(host)
    options = ServeOptions(host, port, context, gpu_layers, parallel, alias, api_key_file)
    built = _build(Path(package), variant, model, projector)
    line = make_command_line(built, find_program(program), options)
    if check:
        report = _check_package(built, line, key)
        finish(replace(report, brief=True), output_format)
        return
    found = [*built.diagnostics, *line.findings]
    print_diagnostics(found if printed else [*found, *filter(None, [gpu_finding(line)])])
    if printed:
        _print(printed, built, line, key=bool(key) and api_key_file is None)
    else:
        _run(built, line, key)


def _build(package: Path, variant: str | None, model: str | None, projector: str | None) -> Build:
    whole = one_variant(load_package(package), variant, stand_in=model is not None)
    return build(whole, model=model, projector=projector, write=False)


def _print(form: str, built: Build, line: CommandLine, *, key: bool) -> None:
    """The command in another form; a chat template that it needs is written beside the Modelfile."""
    template = None
    if line.template is not None:
        folder = default_output(built.package)
        write_files(folder, {TEMPLATE_FILE: line.template.encode()})
        template = (folder / TEMPLATE_FILE).absolute()
        written = folder / TEMPLATE_FILE
        say(f"wrote {written}, the chat template with the package's own messages")
    deliver(PRINTED[form](line, template, key=key))


def _run(built: Build, line: CommandLine, key: str) -> None:
    """Serves until a signal comes."""
    with Stopper() as stopper, _serving(built, line, key, stopper) as process:
        with working("load", built.files.model.name):
            ready = process.wait_ready(_health(line), stopper, key=key)
        if ready:
            _ready(built, line, key)
            with nobody_waits():
                process.wait(stopper)
        process.end(stopper)
    if stopper.asked is not None:
        say(f"ended by {stopper.asked.name}")


@contextmanager
def _serving(built: Build, line: CommandLine, key: str, stopper: Stopper) -> Iterator[ServerProcess]:
    """The running program; nothing of it is left afterwards."""
    check_port(line.host, line.port)
    bring_files(model_files(built))
    say(f"{line.program} loads {built.files.model.name}")
    with tempfile.TemporaryDirectory(prefix="mkmodelfile-serve-") as folder:
        template = None
        if line.template is not None:
            template = Path(folder) / TEMPLATE_FILE
            template.write_text(line.template, encoding="utf-8", newline="")
        words, environment = line.words(template), _environment(line, key)
        with ServerProcess(words, environment, name=line.program.kind, on_line=_log()) as process:
            try:
                yield process
            except EngineError:
                _last_lines(process.last_lines())
                raise


def _health(line: CommandLine) -> str:
    health = "/health" if line.program.kind == LLAMA_SERVER else "/v1/models"
    return line.url.removesuffix("/v1") + health


def _check(url: str, key: str | None, model: str | None, built: Build | None) -> Report:
    from ..runtime.openai import OpenAIServer
    from ..serve.server_check import check_server, promise_of

    promise = promise_of(built) if built is not None else None
    with OpenAIServer(url, api_key=key) as server, step_progress() as progress:
        return check_server(server, model=model, promise=promise, progress=progress)


def _check_package(built: Build, line: CommandLine, key: str) -> Report:
    """Serves the package for the check alone."""
    with Stopper(interrupts=True) as stopper, _serving(built, line, key, stopper) as process:
        with working("load", built.files.model.name):
            process.wait_ready(_health(line), stopper, key=key)
        try:
            report = _check(line.url, key, line.alias, built)
        except ServerError as e:
            if process.running:
                raise
            raise process.died("while it was checked") from e
    return replace(report, diagnostics=line.findings)


def _environment(line: CommandLine, key: str) -> dict[str, str]:
    """The API key, where no other user of the machine reads it; and nothing that overrides options."""
    if line.program.kind == LLAMA_SERVER:
        return {"LLAMA_API_KEY": key} if key else {}
    return {"HOST": line.host, "PORT": str(line.port), **({"API_KEY": key} if key else {})}


def _ready(built: Build, line: CommandLine, key: str) -> None:
    from ..core.urls import is_loopback
    from ..runtime.openai import OpenAIServer
    from ..serve.prompts import compare_prompts

    if line.program.kind == LLAMA_SERVER:
        with OpenAIServer(line.url, api_key=key) as server:
            right, found = compare_prompts(server, built)
        print_diagnostics(found)
        if right:
            say(f"prompts    {right} of the package's conversations are rendered as its chat template does")
    stops = " ".join(line.stops)
    say(f"model      {line.alias}, context {line.context} tokens")
    if stops and line.program.kind == LLAMA_SERVER:
        say(f"stops      {stops}; a request with its own `stop` replaces them")
    if not key and not is_loopback(line.url.replace("//127.0.0.1", f"//{line.host}")):
        say("warning: anyone in the network can use it: set an API key (--api-key-file)")
    say(f"API key    {'needed' if key else 'none'}")
    say(f"ready      {line.url} (Ctrl-C ends it)")


def _log() -> Callable[[str], None] | None:
    if not current_flags().verbose or is_quiet():
        return None
    return lambda text: tell(f"  {shown(text)}")


def _last_lines(lines: list[str]) -> None:
    if lines and not (current_flags().verbose or is_quiet()):
        tell("the last lines of its log:")
        for text in lines:
            tell(f"  {shown(text[:300])}")
