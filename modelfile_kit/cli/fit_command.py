"""`mkmodelfile fit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GGUFError, UsageError
from ..core.file_kinds import PACKAGE_ENDINGS, has_ending
from ..core.sizes import size_text
from ..core.urls import shown_url
from ..fit import Settings, estimate
from ..fit.findings import about_cache_type, about_context, about_memory, about_unknown
from ..fit.quantization import TYPES, quantized
from ..fit.search import largest_context, most_layers, smaller_quantization
from ..fit.settings import CACHE_TYPES, DEFAULT_BATCH, DEFAULT_CONTEXT
from ..fit.shape import shape_of
from ..fit.sources import model_of
from ..gguf_file import Header, read_header
from ..gguf_file.description import file_type
from ..gguf_file.pairing import FileKind, classify
from ..report import Case, Report, Status, render
from ..report.panel import panel_lines
from ..report.terminal import wrapped
from .command import Command
from .common import format_option, memory_size, patience_options, print_diagnostics, write_report_files
from .output import panel_width, show, wants_color, write_report
from .variants import one_variant, one_variant_option

if TYPE_CHECKING:
    from ..fit import Model

MAX_CONTEXT = 1 << 24
MAX_SLOTS = 256  # LLAMA_MAX_SEQ of llama.cpp
MAX_NEIGHBOURS = 50  # files whose headers are read for the table


def _memory(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[int, ...]:
    """Sizes with commas between them."""
    return () if given is None else tuple(map(memory_size, given.split(",")))


def _layers(_context: click.Context, _parameter: click.Parameter, given: str | None) -> int | str:
    if given is None or given in ("all", "fit"):
        return given or 0
    if given.isascii() and given.isdigit() and len(given) < 5:
        return int(given)
    raise click.BadParameter(f"{given!r}: expected a number of layers, `all` or `fit`")


def _split(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[float, ...]:
    if given is None:
        return (1.0,)
    try:
        shares = tuple(float(text) for text in given.split(","))
    except ValueError:
        shares = ()
    if not shares or len(shares) > 16 or not all(0 <= share < 1e9 for share in shares) or not sum(shares):
        raise click.BadParameter(f"{given!r}: expected one number for each GPU, as in 3,1")
    return shares


@click.command(
    "fit",
    cls=Command,
    examples=(
        "mkmodelfile fit model.gguf --memory 12GiB",
        "mkmodelfile fit ./my-package --variant q8_0 --context 32768 --cache-type q8_0",
        "mkmodelfile fit model.gguf --projector mmproj.gguf --gpu-layers fit --memory 8GiB",
        "mkmodelfile fit model.gguf --gpu-layers all --split 3,1 --memory 24GiB,8GiB --format json",
    ),
)
@click.argument("target", metavar="[PACKAGE|MODEL]", default=".")
@click.option(
    "--memory",
    metavar="SIZE",
    callback=_memory,
    help="What there is, as in 12GiB: with --gpu-layers of each GPU (commas between), else of the machine; "
    "by default `memory` of the package.",
)
@click.option(
    "--context",
    type=click.IntRange(1, MAX_CONTEXT),
    help=f"Tokens of one conversation; by default num_ctx of the package, else {DEFAULT_CONTEXT}.",
)
@click.option(
    "--cache-type",
    type=click.Choice(tuple(CACHE_TYPES)),
    default="f16",
    show_default=True,
    help="Type of keys and values (OLLAMA_KV_CACHE_TYPE, --cache-type-k and -v of llama-server).",
)
@click.option(
    "--slots",
    type=click.IntRange(1, MAX_SLOTS),
    default=1,
    show_default=True,
    help="Conversations at once, each with the whole context (OLLAMA_NUM_PARALLEL).",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 1 << 16),
    help=f"Tokens computed at once; by default num_batch of the package, else {DEFAULT_BATCH}.",
)
@click.option("--no-flash-attention", is_flag=True, help="As llama-server runs with `-fa off`.")
@click.option("--swa-full", is_flag=True, help="Keep all tokens of layers with a sliding window.")
@click.option(
    "--gpu-layers",
    metavar="N|all|fit",
    callback=_layers,
    help="Layers on the GPUs, the output counted as one (-ngl); `fit`: as many as --memory has room for.",
)
@click.option("--split", metavar="SHARES", callback=_split, help="Shares of several GPUs, as in 3,1 (-ts).")
@click.option(
    "--projector", metavar="FILE-or-NAME", help="The model's projector, or `none`; of a package its own."
)
@one_variant_option
@patience_options
@format_option
def command(
    target: str,
    memory: tuple[int, ...],
    context: int | None,
    cache_type: str,
    slots: int,
    batch: int | None,
    no_flash_attention: bool,
    swa_full: bool,
    gpu_layers: int | str,
    split: tuple[float, ...],
    projector: str | None,
    variant: str | None,
    output_format: str,
) -> None:
    """Say how much memory a model needs, and which context fits.

    Only headers are read: weights, cache, compute buffers and projector are computed as llama.cpp reserves
    them. With --memory the longest context that fits is found, and the exit code is 1 if the model does not
    fit. Other quantizations are estimated, or read from the files beside the model.
    """
    files = _open(target, projector, variant)
    memory = memory or files.memory
    if no_flash_attention and CACHE_TYPES[cache_type][0] > 1:
        raise UsageError(
            f"cache type {cache_type} needs flash attention: llama.cpp refuses it without",
            help="leave out --no-flash-attention, or use --cache-type f16",
        )
    if not gpu_layers and (len(memory) > 1 or len(split) > 1):
        raise UsageError(
            f"{'--memory has several sizes' if len(memory) > 1 else '--split shares out GPUs'}, and no "
            "layers are on a GPU",
            help="say how many with --gpu-layers N, all or fit",
        )
    if gpu_layers == "fit" and not memory:
        raise UsageError("--gpu-layers fit needs --memory", help="say how much the GPU has: --memory 8GiB")
    settings = Settings(
        context=context or files.context,
        slots=slots,
        batch=batch or files.batch,
        cache_type=cache_type,
        flash_attention=not no_flash_attention,
        window_full=swa_full,
        split=split if len(split) > 1 or len(memory) < 2 else tuple(float(size) for size in memory),
    )
    asked = _Question(files, memory, settings, gpu_layers)
    report = asked.report(shown_url(target))
    write_report_files(report)
    if output_format != "text":
        write_report(render(report, output_format), output_format)
    else:
        show("\n".join(asked.lines(panel_width(sys.stdout), color=wants_color(sys.stdout))))
        print_diagnostics(report.all_diagnostics())
    if not report.ok:
        raise click.exceptions.Exit(1)


@dataclass(frozen=True)
class _Files:
    model: Model
    projector: Header | None
    context: int = DEFAULT_CONTEXT
    batch: int = DEFAULT_BATCH
    memory: tuple[int, ...] = ()


def _open(target: str, projector: str | None, variant: str | None) -> _Files:
    """The files of a package, or a model by its path or address."""
    if not Path(target).is_dir() and not has_ending(target, PACKAGE_ENDINGS):
        if variant is not None:
            raise click.UsageError("--variant is for a package; name the variant's own file instead")
        header = read_header(target)
        seen = read_header(projector) if projector and projector != "none" else None
        return _Files(_model(header), _projector(seen))
    from ..building.sources import open_files
    from ..package.package import load_package

    package = one_variant(load_package(Path(target)), variant)
    if projector:
        chosen = projector if projector == "none" else Path(projector)
        package = replace(package, projector=chosen)
    files = open_files(package)
    numbers = {
        key: value
        for key in ("num_ctx", "num_batch")
        if isinstance(value := package.parameters.get(key), int) and value > 0
    }
    return _Files(
        _model(files.header),
        _projector(files.projector_header),
        context=min(numbers.get("num_ctx", DEFAULT_CONTEXT), MAX_CONTEXT),
        batch=min(numbers.get("num_batch", DEFAULT_BATCH), 1 << 16),
        memory=(package.memory,) if package.memory else (),
    )


def _model(header: Header) -> Model:
    if classify(header) is not FileKind.MODEL:
        raise GGUFError(
            f"is a {classify(header).value}, expected a model",
            span=Span(header.source),
            help="give the model; its projector goes with --projector",
            code="MK415",
        )
    return model_of(header)


def _projector(header: Header | None) -> Header | None:
    if header is not None and classify(header) is not FileKind.PROJECTOR:
        raise GGUFError(
            f"is a {classify(header).value}, expected a projector",
            span=Span(header.source),
            help="give the mmproj file with --projector",
            code="MK415",
        )
    return header


@dataclass(frozen=True)
class _Row:
    """One line of the table by quantization."""

    name: str
    weights: int
    total: int
    context: int | None
    here: bool
    estimated: bool


def _place(row: _Row) -> str:
    return "this file" if row.here else "estimated" if row.estimated else "beside it"


class _Question:
    """Everything that is asked of one model, answered once."""

    def __init__(
        self, files: _Files, memory: tuple[int, ...], settings: Settings, gpu_layers: int | str
    ) -> None:
        self.model, self.projector, self.memory = files.model, files.projector, memory
        self.shape = shape_of(self.model.header, self.model.tensors)
        count = len(self.shape.layers) + 1
        if gpu_layers == "fit":
            found = most_layers(self.shape, self.model.tensors, settings, memory, self.projector)
            self.settings = replace(settings, gpu_layers=found or 0)
        else:
            wanted = count if gpu_layers == "all" else int(gpu_layers)
            self.settings = replace(settings, gpu_layers=min(wanted, count))
        self.searched = gpu_layers == "fit"
        self.found = estimate(self.model, self.settings, self.projector)
        self.context = self._largest(self.model) if memory and not self.searched else None
        self.rows = tuple(self._rows())

    def report(self, target: str) -> Report:
        diagnostics = tuple(self._findings())
        failed = any(d.severity is Severity.ERROR for d in diagnostics)
        data: dict[str, Any] = {
            **self.found.to_dict(),
            "files": list(self.model.files),
            "memory": list(self.memory),
            "largest_context": self.context,
            "quantizations": [
                {
                    "name": row.name,
                    "weights": row.weights,
                    "total": row.total,
                    "largest_context": row.context,
                    "estimated": row.estimated,
                }
                for row in self.rows
            ],
        }
        case = Case(
            self.model.header.source,
            Status.FAILED if failed else Status.PASSED,
            f"{size_text(self.found.total)} with {self.settings.context:,} tokens of context",
            data=data,
            diagnostics=diagnostics,
        )
        return Report("fit", target, (case,))

    def _findings(self) -> Iterator[Diagnostic]:
        span = Span(self.model.header.source)
        yield from about_unknown(self.found, span)
        yield from about_context(self.found, span)
        yield from about_cache_type(self.shape, self.settings, span)
        if self.memory:
            given = self.shape, self.model.tensors, self.settings, self.memory, self.projector
            yield from about_memory(self.found, self.memory, self.context, span, smaller_quantization(*given))

    def _largest(self, model: Model) -> int | None:
        return largest_context(self.shape, model.tensors, self.settings, self.memory, self.projector)

    # -- the table by quantization -----------------------------------------------------------------------

    def _rows(self) -> Iterator[_Row]:
        if self.shape.unknown:
            return
        present = {file_type(self.model.header) or "this file": self.model}
        present |= {name: model for name, model in self._neighbours() if name not in present}
        rows = [self._row(name, model.tensors, model is self.model) for name, model in present.items()]
        for name in TYPES:
            if name not in present:
                rows.append(self._row(name, quantized(self.model.tensors, self.shape, name), estimated=True))
        yield from sorted(rows, key=lambda row: -row.weights)

    def _row(
        self, name: str, tensors: tuple[Any, ...], here: bool = False, *, estimated: bool = False
    ) -> _Row:
        other = replace(self.model, tensors=tensors)
        found = estimate(other, self.settings, self.projector)
        context = self._largest(other) if self.memory and not self.searched else None
        return _Row(name, sum(found.weights.values()), found.total, context, here, estimated)

    def _neighbours(self) -> Iterator[tuple[str, Model]]:
        """Other quantizations of the same model in its folder."""
        own = self.model.header
        if own.place is None:
            return
        shapes = {tensor.name: tensor.shape for tensor in self.model.tensors}
        # Of a header that was read by name there is no folder; a pattern finds nothing in one.
        models = (path for path in own.path.parent.glob("*") if has_ending(path, (".gguf",)))
        for path in sorted(models)[:MAX_NEIGHBOURS]:
            if str(path) in self.model.files or path == own.path:
                continue
            try:
                model = model_of(read_header(path))
            except GGUFError:
                continue
            name = file_type(model.header)
            if name and {tensor.name: tensor.shape for tensor in model.tensors} == shapes:
                yield name, model

    # -- for people ------------------------------------------------------------------------------------------

    def lines(self, width: int | None = None, *, color: bool = False) -> Iterator[str]:
        """What there is to say. width: of a terminal that can draw, in columns."""
        found, settings = self.found, self.settings
        kind = file_type(self.model.header) or "mixed types"
        yield f"{self.model.header.source}: {self.shape.architecture or 'no architecture'}, {kind}"
        types = ", ".join(f"{name} {size_text(size)}" for name, size in found.weights.items())
        if found.unknown:
            yield f"  {'weights':<10} {size_text(found.total):>9}  {types}"
            return
        slots = f", {settings.slots} conversations" if settings.slots > 1 else ""
        attention = "" if settings.flash_attention else ", no flash attention"
        how = f"context {settings.context:,}, cache {settings.cache_type}, batch {settings.batch}"
        yield from wrapped(f"  {how}{slots}{attention}", "    ", width)
        names = [device.name for device in found.devices]
        if len(names) > 1:
            layers = [f"{device.layers} layers" for device in found.devices]
            yield f"  {'':<10} " + " ".join(f"{name:>10}" for name in names)
            yield f"  {'':<10} " + " ".join(f"{text:>10}" for text in layers)
        for part in ("weights", "cache", "states", "compute", "output", "projector", "total"):
            sizes = [getattr(device, part) for device in found.devices]
            if any(sizes):
                more = f"  {types}" if part == "weights" else ""
                yield f"  {part:<10} " + " ".join(f"{size_text(size):>10}" for size in sizes) + more
        if self.searched:
            yield f"  {settings.gpu_layers} of {len(self.shape.layers) + 1} layers fit on the GPU"
        elif self.context is not None:
            text = f"  largest context within {self._limits()}: {self._context(self.context)}"
            yield from wrapped(text, "    ", width)
        yield from self._table(width, color)

    def _table(self, width: int | None, color: bool) -> Iterator[str]:
        if len(self.rows) < 2:
            return
        last = "largest context" if self.memory and not self.searched else ""
        yield ""
        if width is not None and width < (65 if last else 48):  # too narrow for the lines below
            for row in self.rows:
                values = [("weights", size_text(row.weights)), ("total", size_text(row.total))]
                values += [(last, self._context(row.context))] if last and row.context is not None else []
                values += [("file", _place(row))]
                yield from panel_lines(row.name, values, width=width, color=color, beside=True)
            return
        yield f"  {'quantization':<14} {'weights':>9} {'total':>9} {last:>16}".rstrip()
        for row in self.rows:
            context = "" if row.context is None else self._context(row.context)
            sizes = f"{size_text(row.weights):>9} {size_text(row.total):>9}"
            yield f"  {row.name:<14} {sizes}{f' {context:>16}' if last else ''}  {_place(row)}"

    def _context(self, tokens: int) -> str:
        return f"{tokens:,}" if tokens else "does not fit"

    def _limits(self) -> str:
        return ", ".join(size_text(size) for size in self.memory)
