"""What llama.cpp writes when it refuses a file, turned into what was wrong and what to do.

llama.cpp answers a broken file with a null pointer, an abort or a segmentation fault; the reason is
on stderr only. Each `Fault` knows one such line. Codes:

====== ==================================================================
MK710  llama.cpp failed, died or hung for a reason that is not known here
MK711  the projector's width is not the model's
MK712  the projector's type is unknown, or not that of its tensors
MK713  the model was converted before vision support
MK714  a projector in the model's place, or no projector in the projector's
MK715  a file is cut short
MK716  not a GGUF
MK717  an architecture or pre-tokenizer that this llama.cpp does not know
MK718  memory
MK719  pictures: unreadable, without a projector, or without a place in the prompt
====== ==================================================================
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import EngineError

FILE_HELP = "get the file again, and compare its size and SHA-256 with the page it came from"
PROJECTOR_HELP = "use the mmproj file that was published with exactly this model"


@dataclass(frozen=True)
class Case:
    """What was being done when llama.cpp failed.

    stage: the request ("open" loads the model, "projector" the projector, "generate", …); stderr: what
    llama.cpp wrote since that request; model, projector: the files.
    """

    stage: str
    stderr: str
    model: Path
    projector: Path | None

    @property
    def subject(self) -> Path:
        """The file that the stage is about."""
        return self.projector if self.projector and self.stage == "projector" else self.model


@dataclass(frozen=True)
class Fault:
    """A line of llama.cpp's stderr that gives the reason away.

    code: its stable code; pattern: what the line looks like; says: the message; help: what to do.
    """

    code: str
    pattern: re.Pattern[str]
    says: Callable[[re.Match[str], Case], str]
    help: str


def _fault(code: str, pattern: str, help: str) -> Callable[[Callable[[re.Match[str], Case], str]], Fault]:
    return lambda says: Fault(code, re.compile(pattern, re.IGNORECASE), says, help)


@_fault(
    "MK711", r"mismatch between text model \(n_embd = (\d+)\) and mmproj \(n_embd = (\d+)\)", PROJECTOR_HELP
)
def _width(m: re.Match[str], case: Case) -> str:
    return (
        f"{case.projector}: this projector writes vectors of width {m[2]}, and {case.model} takes width "
        f"{m[1]}: they do not belong together"
    )


@_fault(
    "MK712",
    r"unknown (?:vision |audio )?projector type:? *([^\s(]*)",
    "update llama-cpp-python, or convert the projector again with a current llama.cpp",
)
def _projector_type(m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: projector type {m[1] or '(none)'} is not known to this llama.cpp"


@_fault("MK712", r"unable to find tensor ([\w.]+)", PROJECTOR_HELP + ", or convert it again")
def _projector_tensor(m: re.Match[str], case: Case) -> str:
    return (
        f"{case.subject}: the tensor {m[1]} is missing, which its clip.projector_type needs: "
        "the file is named as another type of projector than the one stored in it"
    )


@_fault(
    "MK713",
    r"does not support multimodal\. please reconvert",
    "convert the model again with llama.cpp of December 2025 or later, or download a file made so",
)
def _no_rope_sections(_m: re.Match[str], case: Case) -> str:
    return (
        f"{case.model}: converted before llama.cpp knew this model's vision: it lacks the "
        "rope.dimension_sections that give a picture's tokens their places, and llama.cpp aborts at the "
        'first picture ("Please reconvert")'
    )


@_fault(
    "MK714",
    r"clip cannot be used as main model",
    "name the language model as the model and this file as its projector",
)
def _projector_as_model(_m: re.Match[str], case: Case) -> str:
    return f"{case.model}: this is a projector (mmproj), not a model"


@_fault(
    "MK715",
    r"not within the file bounds|failed to seek for tensor|failed to read"
    r"|exceeds remaining file size|unexpectedly reached end of file",
    FILE_HELP,
)
def _cut_short(_m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: the file is cut short or damaged: not all that its header names can be read"


@_fault(
    "MK716",
    r"invalid magic characters:? *(?:'([^']*)')?",
    "give a .gguf file; other formats are converted with llama.cpp's convert_hf_to_gguf.py",
)
def _not_gguf(m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: not a GGUF file: it begins with {m[1]!r}, expected 'GGUF'"


@_fault("MK717", r"unknown model architecture:? *'([^']*)'", "update llama-cpp-python")
def _architecture(m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: architecture {m[1]!r} is not known to this llama.cpp"


@_fault(
    "MK717",
    r"unknown pre-tokenizer type:? *'([^']*)'",
    "update llama-cpp-python, or convert the model again with a current llama.cpp",
)
def _pre_tokenizer(m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: pre-tokenizer {m[1]!r} is not known to this llama.cpp"


@_fault(
    "MK718",
    r"failed to allocate|unable to allocate|out of memory|bad_alloc|cannot allocate memory",
    "use a smaller quantization or a smaller context, or a machine with more memory",
)
def _memory(_m: re.Match[str], case: Case) -> str:
    return f"{case.subject}: not enough memory"


# The order matters: the first that shows is the reason, later lines are its consequences.
FAULTS: tuple[Fault, ...] = (
    _width,
    _projector_type,
    _projector_tensor,
    _no_rope_sections,
    _projector_as_model,
    _not_gguf,
    _cut_short,
    _architecture,
    _pre_tokenizer,
    _memory,
)


def refusal(what: str, case: Case) -> EngineError:
    """The error for an engine that said no; `what`: how the child put it."""
    if error := _known(case):
        return error
    if case.stage == "projector" and "clip_init" not in case.stderr:
        return EngineError(
            f"{case.projector}: this is no projector: it holds neither a vision nor an audio encoder",
            help=PROJECTOR_HELP,
            stderr=case.stderr,
            code="MK714",
        )
    return _unknown(what, case)


def death(returncode: int | None, case: Case) -> EngineError:
    """The error for a child process that ended on its own; names the signal where there was one."""
    if error := _known(case):
        return error
    if case.stage == "projector" and returncode == -signal.SIGSEGV:
        return EngineError(
            f"{case.projector}: llama.cpp's process died of SIGSEGV (a segmentation fault) while loading "
            "this projector: its tensors are most likely of another type than its clip.projector_type says",
            help=PROJECTOR_HELP + ", or convert it again",
            stderr=case.stderr,
            code="MK712",
        )
    return _unknown(_how_it_ended(returncode), case)


def timed_out(seconds: float, case: Case) -> EngineError:
    """The error for a child process that had to be ended."""
    return EngineError(
        f"{case.subject}: llama.cpp did not answer within {seconds:g} s, asked to {_DOING[case.stage]}",
        help="raise the time-out, or use a smaller model, picture or number of tokens",
        stderr=case.stderr,
    )


_DOING = {
    "open": "load the model",
    "context": "make a context",
    "projector": "load the projector",
    "tokenize": "tokenize",
    "pieces": "give the texts of tokens",
    "end_of_generation": "list the end-of-generation tokens",
    "count": "count the prompt's tokens",
    "wrapper": "take a test picture",
    "generate": "generate",
}


def _known(case: Case) -> EngineError | None:
    for fault in FAULTS:
        if match := fault.pattern.search(case.stderr):
            return EngineError(fault.says(match, case), help=fault.help, stderr=case.stderr, code=fault.code)
    return None


def _unknown(what: str, case: Case) -> EngineError:
    cause = last_words(case.stderr)
    return EngineError(
        f"{case.subject}: {what}" + (f": {cause}" if cause else ""),
        help="look at the file with `mkmodelfile inspect`; if that finds nothing, " + FILE_HELP,
        stderr=case.stderr,
    )


def _how_it_ended(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"llama.cpp's process ended unexpectedly (exit status {returncode})"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    known = {
        "SIGSEGV": " (a segmentation fault)",
        "SIGABRT": " (an abort)",
        "SIGILL": " (an instruction that this processor lacks: build llama-cpp-python on this machine)",
        "SIGKILL": " (killed, most often for want of memory)",
    }
    return f"llama.cpp's process died of {name}{known.get(name, '')}"


def last_words(stderr: str) -> str:
    """The last line that speaks of a failure, at most 300 characters of it; "" if none does."""
    lines = [line.strip() for line in stderr.splitlines()]
    telling = [line for line in lines if re.search(r"error|fail|abort|assert|invalid|exception", line, re.I)]
    return telling[-1][:300] if telling else ""
