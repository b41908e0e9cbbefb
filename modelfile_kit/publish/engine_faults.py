"""What the server says when its engine fails on a package, and what that means.

Ollama's create says success for every one of these; the first chat or image brings the error
(seen on 0.33.0).
"""

from __future__ import annotations

import re

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ServerError
from ..gguf_file.projector_types import ROPE_SECTIONS, types_for
from ..runtime import error_texts
from ..runtime.ollama.replies import HalfStreamError, RefusedError
from .served_model import ServedModel

_SIGNAL = re.compile(r"signal: [a-z ]+|SIG[A-Z]+|exit status \d+")

ENDLESS_HELP = (
    "the token that ends a turn must be end-of-generation in the GGUF (tokenizer.ggml.eos_token_id or "
    "eot_token_id), or a text in PARAMETER stop; from 0.30 on, a stop that is a control token never fires. "
    "If both are right, the prompt is not the one that the model was trained with"
)

CRASHED, NOT_LOADED, NO_PROJECTOR, UNNAMED = "MK417", "MK854", "MK436", "MK857"


def name_fault(error: ServerError, served: ServedModel, *, with_image: bool) -> Diagnostic:
    """The finding for an error that a chat brought; with_image: whether an image or a sound was."""
    text = error.detail if isinstance(error, RefusedError) else error.message
    if isinstance(error, HalfStreamError):
        return _error(
            "MK840",
            "the server ended the answer without an error, as Ollama does when a token repeats endlessly",
            ENDLESS_HELP,
        )
    if with_image and _ended(error, text) and (sections := missing_rope_sections(served)):
        return sections
    known = error_texts.first(text)
    code = known.code if known else UNNAMED
    if code == NO_PROJECTOR or (with_image and not served.has_projector and error.status == 400):
        return no_projector(served)
    if known and known.error.consequence and code == CRASHED:
        return _crash(text, served)
    if known and code == NOT_LOADED:
        return _error(NOT_LOADED, f"{known.meaning}; {_projector_type(served)}", known.step)
    if known and not known.error.consequence:
        return _error(code, known.meaning, known.step)
    return _error(
        UNNAMED,
        f"the server failed on {'an image or sound' if with_image else 'a text'}: {text}",
        "the server's log says more (`ollama serve`, or journalctl -u ollama); `mkmodelfile check` checks "
        "the files themselves",
    )


def missing_rope_sections(served: ServedModel) -> Diagnostic | None:
    """The finding for a text GGUF that was converted before vision support; None where all is well."""
    architecture = served.architecture
    needed = ROPE_SECTIONS.get(architecture)
    if not needed or not served.has_projector:
        return None
    if f"{architecture}.rope.dimension_sections" in served.model_info:
        return None
    when = "at the first image" if needed == "image" else "when it loads the model"
    return _error(
        "MK413",
        f"the text GGUF has no {architecture}.rope.dimension_sections: it was converted before vision "
        f"support, and the engine ends {when}",
        "convert the model again with a current llama.cpp (convert_hf_to_gguf.py), or download a newer GGUF",
    )


def no_projector(served: ServedModel) -> Diagnostic:
    """The finding for a model that is expected to see images and has no projector."""
    return _error(
        NO_PROJECTOR,
        f"{served.name} has no projector on the server: images will not work",
        "add `FROM ./mmproj-….gguf` after the model's FROM (a projector is neither PARAMETER nor ADAPTER) "
        "and publish again",
    )


def _crash(text: str, served: ServedModel) -> Diagnostic:
    found = _SIGNAL.search(text)
    how = found[0] if found else "no signal given"
    if not served.has_projector:
        return _error(
            UNNAMED,
            f"the engine crashed ({how})",
            "compare the GGUF's size and SHA-256 with the page it came from, and look at the server's log; "
            + error_texts.AMX_STEP,
        )
    return _error(
        CRASHED,
        f"the engine crashes ({how}) while it loads the projector; {_projector_type(served)}",
        "clip.projector_type does not fit the projector's tensors: use the mmproj file that was published "
        f"with exactly this model; {error_texts.AMX_STEP}",
    )


def _projector_type(served: ServedModel) -> str:
    found = f"clip.projector_type is {served.projector_type or 'not set'}"
    known = types_for(served.architecture)
    names = [t.name for t in known]
    if not names or served.projector_type in names or any(t.generic for t in known):
        return found
    return f"{found}, expected {' or '.join(names)} for {served.architecture}"


def _ended(error: ServerError, text: str) -> bool:
    """Whether the engine went away in the middle."""
    return error.code == "MK805" or bool(
        re.search(r"EOF|connection (reset|refused)|terminated|aborted", text)
    )


def _error(code: str, message: str, help: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, help=help)
