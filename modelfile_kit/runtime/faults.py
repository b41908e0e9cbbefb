"""What llama.cpp writes when it refuses a file, turned into what was wrong and what to do.

llama.cpp answers a broken file with a null pointer, an abort or a segmentation fault; the reason is
on stderr only. Each `Fault` knows one such line.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import EngineError

MODEL_HELP = "get the file again, and compare its size and SHA-256 with the page it came from"
PROJECTOR_HELP = "use the mmproj file that was published with exactly this model"


@dataclass(frozen=True)
class Fault:
    """A line of llama.cpp's stderr that gives the reason away.

    pattern: what the line looks like; says: the message, given the match and the two files' names;
    help: what to do; code: MK711 and up.
    """

    code: str
    pattern: re.Pattern[str]
    says: Callable[[re.Match[str], str, str], str]
    help: str


def _fault(code: str, pattern: str, says: Callable[[re.Match[str], str, str], str], help: str) -> Fault:
    return Fault(code, re.compile(pattern, re.IGNORECASE), says, help)


# The order matters: the first that matches is the reason, later lines are its consequences.
FAULTS: tuple[Fault, ...] = (
    _fault(
        "MK711",
        r"mismatch between text model \(n_embd = (\d+)\) and mmproj \(n_embd = (\d+)\)",
        lambda m, model, projector: (
            f"{projector}: this projector writes vectors of width {m[2]}, the model {model} takes {m[1]}: "
            "they do not belong together"
        ),
        PROJECTOR_HELP,
    ),
    _fault(
        "MK712",
        r"unknown (?:vision |audio )?projector type:? *([^\s(]*)",
        lambda m, _model, projector: (
            f"{projector}: projector type {m[1] or '(none)'} is not known to this llama.cpp"
        ),
        "update llama-cpp-python, or convert the projector again with a current llama.cpp",
    ),
    _fault(
        "MK712",
        r"unable to find tensor ([\w.]+)",
        lambda m, _model, projector: (
            f"{projector}: the tensor {m[1]}, which its projector type needs, is not in the file: "
            "clip.projector_type names another projector than the one stored"
        ),
        PROJECTOR_HELP + ", or convert it again",
    ),
    _fault(
        "MK713",
        r"does not support multimodal\. please reconvert",
        lambda _m, model, _p: (
            f"{model}: converted before llama.cpp knew this model's vision: the rope.dimension_sections "
            "that place a picture's tokens are missing, and llama.cpp aborts at the first picture"
        ),
        "convert the model again with llama.cpp of December 2025 or later, or download such a file",
    ),
    _fault(
        "MK714",
        r"clip cannot be used as main model",
        lambda _m, model, _p: f"{model}: this is a projector (mmproj), not a model",
        "name the language model as the model and this file as its projector",
    ),
    _fault(
        "MK715",
        r"is not within the file bounds|tensor data out of file bounds|corrupted or incomplete"
        r"|failed to read (?:key-value pairs|tensor info|tensor data|magic|header)",
        lambda _m, model, _p: f"{model}: the file is cut short: it ends before its last tensor does",
        MODEL_HELP,
    ),
    _fault(
        "MK716",
        r"invalid magic characters:? *(?:'([^']*)')?",
        lambda m, model, _p: f"{model}: not a GGUF file (it begins with {m[1]!r}, expected 'GGUF')",
        "give a .gguf file; other formats must be converted with llama.cpp's convert_hf_to_gguf.py",
    ),
    _fault(
        "MK717",
        r"unknown model architecture:? *'([^']*)'",
        lambda m, model, _p: f"{model}: architecture {m[1]!r} is not known to this llama.cpp",
        "update llama-cpp-python",
    ),
    _fault(
        "MK717",
        r"unknown pre-tokenizer type:? *'([^']*)'",
        lambda m, model, _p: f"{model}: pre-tokenizer {m[1]!r} is not known to this llama.cpp",
        "update llama-cpp-python, or convert the model again with a current llama.cpp",
    ),
    _fault(
        "MK718",
        r"failed to allocate|unable to allocate|out of memory|bad_alloc|cannot allocate memory",
        lambda _m, model, _p: f"{model}: not enough memory to load it",
        "use a smaller quantization or a smaller context, or a machine with more memory",
    ),
)


def explain(stderr: str, model: str, projector: str | None) -> Fault | None:
    """The first known fault that stderr shows, in the order of `FAULTS`."""
    return next((f for f in FAULTS if f.pattern.search(stderr)), None)


def engine_error(
    what: str, *, stderr: str, model: str | Path, projector: str | Path | None, kind: str = "run"
) -> EngineError:
    """The error for an engine that refused or died.

    what: what happened in general words ("could not be loaded"), used where no known fault shows;
    stderr: what llama.cpp wrote; model, projector: the files it was given.
    """
    names = str(model), str(projector or "(no projector)")
    if found := explain(stderr, *names):
        match = found.pattern.search(stderr)
        assert match is not None
        return EngineError(found.says(match, *names), help=found.help, stderr=stderr, code=found.code)
    files = names[0] + (f" with {names[1]}" if projector else "")
    cause = last_words(stderr)
    return EngineError(
        f"{files}: {what}" + (f": {cause}" if cause else ""),
        help=f"check the files with `mkmodelfile inspect`; if they are sound, {MODEL_HELP}",
        stderr=stderr,
    )


def death(
    returncode: int | None, *, stderr: str, model: str | Path, projector: str | Path | None
) -> EngineError:
    """The error for a child process that ended on its own; names the signal where there was one."""
    error = engine_error(_how(returncode), stderr=stderr, model=model, projector=projector)
    if error.code != EngineError.code or not projector:
        return error
    return EngineError(
        error.message,
        help="its tensors are most likely of another projector type than clip.projector_type says: "
        + PROJECTOR_HELP,
        stderr=stderr,
    )


def _how(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"llama.cpp's process ended unexpectedly (exit status {returncode})"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    known = {"SIGSEGV": "a segmentation fault", "SIGABRT": "an abort", "SIGKILL": "killed, often for memory"}
    return f"llama.cpp's process died of {name}" + (f" ({known[name]})" if name in known else "")


def last_words(stderr: str) -> str:
    """The last line that tells something, at most 300 characters of it."""
    lines = [line.strip() for line in stderr.splitlines()]
    telling = [line for line in lines if re.search(r"error|fail|abort|assert|invalid|mismatch", line, re.I)]
    return (telling or [line for line in lines if line] or [""])[-1][:300]
