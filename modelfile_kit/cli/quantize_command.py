"""`mkmodelfile quantize`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..core.interrupts import terminated_as_interrupted
from ..core.progress import Step
from ..runtime.llama_quantize import find_llama_quantize
from ..runtime.quantizing import Quantized, quantize, read_types
from .command import Command
from .common import say
from .names import bring_files, place_and_folder
from .output import show
from .progress import step_progress


@click.command(
    "quantize",
    cls=Command,
    examples=(
        "mkmodelfile quantize model-F16.gguf Q4_K_M",
        "mkmodelfile quantize model-F16.gguf Q4_K_M,Q5_K_M,Q8_0 -o /models",
        "mkmodelfile quantize model-F16.gguf IQ2_XXS --imatrix imatrix.gguf",
    ),
)
@click.argument("named", metavar="MODEL")
@click.argument("types", metavar="TYPE[,TYPE…]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A folder for the files, or the file where there is one type; by default beside MODEL, of a name in "
    "the current folder.",
)
@click.option(
    "--imatrix",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An importance matrix of this model, which types below 3 bits need.",
)
@click.option("--allow-requantize", is_flag=True, help="Quantize also what is quantized already.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="As many as the machine has by default.")
@click.option(
    "--llama-quantize",
    "program",
    metavar="PATH",
    help="This llama-quantize; by default the one beside Ollama, one on PATH, or llama-cpp-python's library.",
)
def command(
    named: str,
    types: str,
    output: Path | None,
    imatrix: Path | None,
    allow_requantize: bool,
    threads: int | None,
    program: str | None,
) -> None:
    """Quantize MODEL (a GGUF) to one TYPE or several with llama-quantize.

    The files are named after MODEL and the type, appear whole or not at all, and overwrite nothing. Metadata,
    chat template and vocabulary of each are compared with MODEL's: the prompts and tokens stay the same.
    """
    wanted = read_types(types)
    quantizer = find_llama_quantize(program)
    model, folder = place_and_folder(named)
    bring_files([model])
    output = folder if output is None and folder != model.parent else output
    with terminated_as_interrupted(), step_progress() as progress:
        made = quantize(
            model,
            wanted,
            quantizer,
            output=output,
            imatrix=imatrix,
            again=allow_requantize,
            threads=threads or 0,
            told=_steps(progress),
        )
    before = model.stat().st_size
    for each in made:
        show(str(each.path))
        say(_line(each, before))


def _steps(progress: Callable[[Step], None] | None) -> Callable[[str, int, int, str], object] | None:
    if progress is None:
        return None
    return lambda kind, done, total, tensor: progress(Step(f"quantize {kind}", tensor, done, total))


def _line(made: Quantized, before: int) -> str:
    line = f"{made.path.name}: {made.size / 1e6:,.1f} MB, {made.size / before:.0%} of the original"
    if made.fallback:
        line += (
            f"; {made.fallback} of {made.tensors} tensors have a larger type than {made.type}, "
            "since their rows do not fit its blocks"
        )
    return line
