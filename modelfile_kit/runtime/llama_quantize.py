"""llama-quantize, llama.cpp's program that quantizes a GGUF: found, run, and told what went wrong.

It comes with Ollama 0.30 and later and with llama.cpp. Where there is none, the library inside
llama-cpp-python does the same (`llama_cpp/quantize_main.py`), without an importance matrix.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import EngineError, MissingDependencyError, UsageError
from ..core.files import real_path
from . import error_texts
from .foreign_program import Finished, SilentProgramError, run_program
from .ollama.program import find_ollama_command

FAILED = "MK463"
# One tensor of a large model takes minutes with the slowest types (IQ1, IQ2), and is one line of output.
PATIENCE_SECONDS = 3600.0

TYPES = {
    "F32": 0,
    "F16": 1,
    "BF16": 32,
    "Q8_0": 7,
    "Q6_K": 18,
    "Q5_K_M": 17,
    "Q5_K_S": 16,
    "Q5_0": 8,
    "Q5_1": 9,
    "Q4_K_M": 15,
    "Q4_K_S": 14,
    "Q4_0": 2,
    "Q4_1": 3,
    "IQ4_NL": 25,
    "IQ4_XS": 30,
    "Q3_K_L": 13,
    "Q3_K_M": 12,
    "Q3_K_S": 11,
    "IQ3_M": 27,
    "IQ3_S": 26,
    "IQ3_XS": 22,
    "IQ3_XXS": 23,
    "Q2_K": 10,
    "Q2_K_S": 21,
    "IQ2_M": 29,
    "IQ2_S": 28,
    "IQ2_XS": 20,
    "IQ2_XXS": 19,
    "IQ1_M": 31,
    "IQ1_S": 24,
    "TQ2_0": 37,
    "TQ1_0": 36,
    "MXFP4_MOE": 38,
}
"""The types and their numbers in `general.file_type` (llama.h, llama_ftype)."""
ALIASES = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}
"""Short names that llama-quantize and Ollama take."""

_TENSOR = re.compile(r"\[ *(\d+)/ *(\d+)\] (\S+)")
_SIZE = re.compile(r"quant size *= *([\d.]+) MiB")
_FALLBACK = re.compile(r"(?<!\d)(\d+) of (\d+) tensor\(s\) required fallback")
_MIB = 1 << 20

# Told how many tensors are done, of how many, and the name of the one that is next.
Told = Callable[[int, int, str], object]


@dataclass(frozen=True)
class Run:
    """What llama-quantize said of its work.

    size: bytes of the tensors, 0 where it did not say; fallback, tensors: how many tensors got a larger type
    than asked for, since their rows do not fit its blocks, and how many there are.
    """

    size: int = 0
    fallback: int = 0
    tensors: int = 0


def find_llama_quantize(given: str | None = None, *, url: str = "http://127.0.0.1:11434") -> Quantizer:
    """The program: the one that is given, Ollama's own, one on PATH, or llama-cpp-python's library.

    url: of an Ollama server, whose program's neighbour counts too.
    Raises UsageError for a given one that is no program, MissingDependencyError where there is none.
    """
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise UsageError(f"{given} is no program that can be run", help="give the path of llama-quantize")
        return Quantizer((found,))
    for path in _places(url):
        if path.is_file():
            return Quantizer((str(path),))
    if found := shutil.which("llama-quantize"):
        return Quantizer((found,))
    if importlib.util.find_spec("llama_cpp") is not None:
        return Quantizer(_LIBRARY, imatrix=False)
    raise MissingDependencyError(
        "llama-quantize was not found: not beside Ollama, not on PATH, and llama-cpp-python is not installed",
        help="install Ollama 0.30 or later, name it with --llama-quantize PATH, or pip install "
        '"modelfile-kit[align]"',
    )


_LIBRARY = (
    sys.executable,
    "-c",
    f"import sys; sys.path[:] = {sys.path!r}; "
    f"from {__package__}.llama_cpp.quantize_main import main; main(sys.argv[1:])",
)


def _places(url: str) -> Iterator[Path]:
    """Where Ollama keeps it (0.33, llm/llama_binary.go)."""
    try:
        program = real_path(Path(find_ollama_command(url)[0]))
    except MissingDependencyError:
        return
    name = "llama-quantize.exe" if os.name == "nt" else "llama-quantize"
    near = program.parent
    for folder in (near, near / "lib" / "ollama", near.parent / "lib" / "ollama"):
        yield folder / name


class Quantizer:
    """llama-quantize. command: the words before its arguments; imatrix: whether it takes one."""

    def __init__(self, command: Sequence[str], *, imatrix: bool = True) -> None:
        self.command = tuple(command)
        self.imatrix = imatrix

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return "llama-cpp-python" if self.command == _LIBRARY else self.command[0]

    def rehearse(
        self, model: Path, to: str, *, again: bool = False, imatrix: Path | None = None
    ) -> Run | None:
        """What a run would give; None where this llama-quantize is too old to say. Raises as `run` does."""
        done = self._call(["--dry-run", *_options(again, imatrix), str(model), to], _no_one)
        if done.returncode and "usage:" in done.text:
            return None
        return self._judged(model, to, done)

    def run(
        self,
        model: Path,
        output: Path,
        to: str,
        *,
        again: bool = False,
        imatrix: Path | None = None,
        threads: int = 0,
        told: Told | None = None,
    ) -> Run:
        """Quantizes a GGUF into a new file.

        again: quantize also what is quantized already; imatrix: an importance matrix; threads: 0 for as many
        as the machine has; told: how far it is.
        Raises EngineError with what it says, where it fails; it is ended if anything goes wrong here.
        """

        def piece(text: str) -> None:
            if told and (found := _TENSOR.match(text)):
                told(int(found[1]), int(found[2]), found[3])

        more = [str(threads)] if threads else []
        done = self._call([*_options(again, imatrix), str(model), str(output), to, *more], piece)
        return self._judged(model, to, done)

    def _call(self, arguments: Sequence[str], on_piece: Callable[[str], object]) -> Finished:
        try:
            return run_program([*self.command, *arguments], on_piece=on_piece, patience=PATIENCE_SECONDS)
        except SilentProgramError:
            raise EngineError(
                f"{self.name} said nothing for {PATIENCE_SECONDS:g} s, and was ended",
                help="the machine may be out of memory: try again with fewer programs running",
                code=FAILED,
            ) from None

    def _judged(self, model: Path, to: str, done: Finished) -> Run:
        if done.returncode:
            raise self._error(model, to, done)
        size, fallback = _SIZE.search(done.text), _FALLBACK.search(done.text)
        return Run(
            size=int(float(size[1]) * _MIB) if size else 0,
            fallback=int(fallback[1]) if fallback else 0,
            tensors=int(fallback[2]) if fallback else 0,
        )

    def _error(self, model: Path, to: str, done: Finished) -> EngineError:
        known = error_texts.reason(done.text, programs=(error_texts.LLAMA_CPP,))
        lines = [line for line in done.text.splitlines() if line and not _TENSOR.match(line)]
        text = next((line for line in reversed(lines) if "failed to quantize:" in line), "".join(lines[-1:]))
        ended = f"was killed by signal {-done.returncode}" if done.returncode < 0 else "failed"
        silent = f"it ended with code {done.returncode} and said nothing"
        return EngineError(
            f"{self.name} {ended} on {model.name} as {to}: {known.meaning if known else text or silent}",
            help=known.step if known else "run it by hand with the same file to see all it says",
            code=known.code if known else FAILED,
            stderr=done.text,
        )


def _options(again: bool, imatrix: Path | None) -> list[str]:
    more = ["--imatrix", str(imatrix)] if imatrix else []
    return [*(["--allow-requantize"] if again else []), *more]


def _no_one(_piece: str) -> None:
    """Nobody is told."""
