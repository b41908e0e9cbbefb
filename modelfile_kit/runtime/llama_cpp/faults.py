"""Errors for a llama.cpp process that refused a file, died or hung, with the reason out of its stderr.

llama.cpp answers a broken file with a null pointer, an abort or a segmentation fault; the reason is
on stderr only, and `runtime.error_texts` knows what it means. `core.codes` has the codes.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import EngineError
from ..error_texts import FILE_STEP, LLAMA_CPP, PROJECTOR_STEP, reason


@dataclass(frozen=True)
class Failure:
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


def refusal(what: str, failure: Failure) -> EngineError:
    """The error for an engine that said no; `what`: how the child put it."""
    if error := _known(failure):
        return error
    if failure.stage == "projector" and "clip_init" not in failure.stderr:
        return EngineError(
            f"{failure.projector}: not a projector: it has neither a vision nor an audio encoder",
            help=PROJECTOR_STEP,
            stderr=failure.stderr,
            code="MK421",
        )
    return _unknown(what, failure)


def death(returncode: int | None, failure: Failure) -> EngineError:
    """The error for a child process that ended on its own; names the signal where there was one."""
    if error := _known(failure):
        return error
    if failure.stage == "projector" and returncode == -signal.SIGSEGV:
        return EngineError(
            f"{failure.projector}: llama.cpp's process died of SIGSEGV (a segmentation fault) while loading "
            "this projector: its tensors are most likely of another type than its clip.projector_type says",
            help=PROJECTOR_STEP + ", or convert it again",
            stderr=failure.stderr,
            code="MK417",
        )
    return _unknown(_how_it_ended(returncode), failure)


def timed_out(seconds: float, failure: Failure) -> EngineError:
    """The error for a child process that had to be ended."""
    return EngineError(
        f"{failure.subject}: llama.cpp did not answer within {seconds:g} s, asked to {_DOING[failure.stage]}",
        help="raise the time limit, or use a smaller model, image or number of tokens",
        stderr=failure.stderr,
    )


_DOING = {
    "open": "load the model",
    "context": "make a context",
    "projector": "load the projector",
    "tokenize": "tokenize",
    "pieces": "give the texts of tokens",
    "end_of_generation": "list the end-of-generation tokens",
    "count": "count the prompt's tokens",
    "wrapper": "take a test image",
    "generate": "generate",
}


def _known(failure: Failure) -> EngineError | None:
    found = reason(failure.stderr, programs=(LLAMA_CPP,))
    if found is None:
        return None
    message = f"{failure.subject}: {found.meaning}"
    return EngineError(message, help=found.step, stderr=failure.stderr, code=found.code)


def _unknown(what: str, failure: Failure) -> EngineError:
    cause = last_words(failure.stderr)
    return EngineError(
        f"{failure.subject}: {what}" + (f": {cause}" if cause else ""),
        help=f"inspect the file with `mkmodelfile inspect`; if that finds nothing, {FILE_STEP}",
        stderr=failure.stderr,
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
        "SIGKILL": " (killed, most often because memory ran out)",
        "SIGXCPU": " (it used more processor time than a vocabulary may)",
    }
    return f"llama.cpp's process died of {name}{known.get(name, '')}"


def last_words(stderr: str) -> str:
    """The last line that speaks of a failure, at most 300 characters of it; "" if none does."""
    lines = [line.strip() for line in stderr.splitlines()]
    telling = [line for line in lines if re.search(r"error|fail|abort|assert|invalid|exception", line, re.I)]
    return telling[-1][:300] if telling else ""
