"""What the server says when its engine fails on a package, and what that means.

Ollama's create says success for every one of these; the first chat or picture brings the error
(seen on 0.33.0).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ServerError
from ..runtime.ollama.client import HalfStreamError, RefusedError
from .served_model import Served

# llama.cpp (src/llama-arch.cpp, llama-model.cpp): architectures with M-RoPE need its sections. glm4 is one
# of them only with a vision projector, which is when we ask.
_MROPE = frozenset({"glm4", "glm4moe", "qwen2vl", "qwen3vl", "qwen3vlmoe", "paddleocr"})
_FITTING_TYPES = {
    "glm4": "glm4v",
    "glm4moe": "glm4v",
    "qwen2vl": "qwen2vl_merger or qwen2.5vl_merger",
    "qwen3vl": "qwen3vl_merger",
    "qwen3vlmoe": "qwen3vl_merger",
    "gemma3": "gemma3",
}

ENDLESS_HELP = (
    "the token that ends a turn must be end-of-generation in the GGUF (tokenizer.ggml.eos_token_id or "
    "eot_token_id), or a text in PARAMETER stop; from 0.30 on a stop that is a control token is never seen. "
    "If both are right, the prompt is not the one the model was trained with"
)

_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Served], Diagnostic]]


def name_fault(error: ServerError, served: Served, *, picture: bool) -> Diagnostic:
    """The finding for an error that a chat brought; picture: whether a picture was in it."""
    text = error.detail if isinstance(error, RefusedError) else error.message
    if isinstance(error, HalfStreamError):
        return _error(
            "MK840",
            "the server broke the answer off without a word, as Ollama does where a token repeats endlessly",
            ENDLESS_HELP,
        )
    if picture and _ended(error, text) and (sections := missing_rope_sections(served)):
        return sections
    for pattern, explain in _RULES:
        if match := pattern.search(text):
            return explain(match, served)
    if picture and not served.has_projector and error.status == 400:
        return no_projector(served)
    what = "a picture" if picture else "a text"
    return _error(
        "MK857",
        f"the server failed on {what}: {text}",
        "the server's log says more (`ollama serve`, or journalctl -u ollama); `mkmodelfile check` looks at "
        "the files themselves",
    )


def missing_rope_sections(served: Served) -> Diagnostic | None:
    """The finding for a text GGUF that was converted before vision support; None where all is well."""
    architecture = served.architecture
    if architecture not in _MROPE or not served.has_projector:
        return None
    if f"{architecture}.rope.dimension_sections" in served.model_info:
        return None
    return _error(
        "MK855",
        f"the text GGUF has no {architecture}.rope.dimension_sections: it was converted before vision "
        "support, and the engine ends at the first picture",
        "convert the model again with a current llama.cpp (convert_hf_to_gguf.py), or download a newer GGUF",
    )


def no_projector(served: Served) -> Diagnostic:
    """The finding for a model that was to see and has no projector."""
    return _error(
        "MK856",
        f"there is no projector on the server: {served.name} cannot see pictures",
        "add `FROM ./mmproj-….gguf` after the model's FROM (a projector is neither PARAMETER nor ADAPTER) "
        "and publish again",
    )


def _width(match: re.Match[str], _: Served) -> Diagnostic:
    return _error(
        "MK852",
        f"the projector is of another width: the text model has {match['text']}, the projector "
        f"{match['projector']}",
        "take the mmproj file that was made from the same model (same size) and publish again",
    )


def _crash(match: re.Match[str], served: Served) -> Diagnostic:
    if not served.has_projector:
        return _error(
            "MK857",
            f"the engine crashed ({match['signal']})",
            "compare the GGUF's size and SHA-256 with the page it came from, and look at the server's log",
        )
    return _error(
        "MK853",
        f"the engine crashes ({match['signal']}) while it loads the projector, whose type is "
        f"{served.projector_type or 'not set'}{_fitting(served)}",
        "clip.projector_type does not fit the projector's tensors: take the mmproj file of this very model",
    )


def _unloadable(_: re.Match[str], served: Served) -> Diagnostic:
    return _error(
        "MK854",
        f"the engine cannot load the projector, whose type is {served.projector_type or 'not set'}"
        f"{_fitting(served)}",
        "take the mmproj file of this very model; if it is, update Ollama or convert it again",
    )


def _blind(_: re.Match[str], served: Served) -> Diagnostic:
    return no_projector(served)


def _memory(_: re.Match[str], served: Served) -> Diagnostic:
    return _error(
        "MK857",
        f"the server has not enough memory for {served.name}",
        "use a smaller quantisation or a smaller PARAMETER num_ctx, or end other models (`ollama ps`)",
    )


def _unknown_architecture(match: re.Match[str], _: Served) -> Diagnostic:
    return _error(
        "MK857",
        f"this Ollama does not know the architecture {match['name']!r}",
        "update Ollama",
    )


_RULES: tuple[_Rule, ...] = (
    (re.compile(r"text model \(n_embd = (?P<text>\d+)\) and mmproj \(n_embd = (?P<projector>\d+)\)"), _width),
    (re.compile(r"unknown model architecture:? '?(?P<name>[\w.-]+)'?"), _unknown_architecture),
    (re.compile(r"requires more system memory|out of memory|unable to allocate|cudaMalloc", re.I), _memory),
    (
        re.compile(r"Failed to load CLIP model|unknown projector type|failed to load mmproj", re.I),
        _unloadable,
    ),
    (re.compile(r"(?P<signal>signal: [a-z ]+|SIG[A-Z]+|exit status 139)"), _crash),
    (re.compile(r"(?i)does not support multimodal|missing data required for image"), _blind),
)


def _fitting(served: Served) -> str:
    fits = _FITTING_TYPES.get(served.architecture)
    return f"; for {served.architecture} it is {fits}" if fits and served.projector_type not in fits else ""


def _ended(error: ServerError, text: str) -> bool:
    """Whether the engine went away in the middle."""
    return error.code == "MK805" or bool(
        re.search(r"EOF|connection (reset|refused)|terminated|aborted", text)
    )


def _error(code: str, message: str, help: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, help=help)
