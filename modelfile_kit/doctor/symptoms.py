"""Error messages of Ollama and llama.cpp that people paste, and what is behind them.

What llama.cpp says of a file is known in `runtime.faults`; here are the sentences of Ollama's client and
server (Ollama 0.33: parser/parser.go, server/create.go, server/routes.go, template/template.go, llm).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity
from ..runtime.llama_cpp.faults import FAULTS, Case

UNKNOWN = "MK906"
# A pasted log is long; the reason is in its sentences, not in megabytes.
MAX_TEXT = 1 << 20


@dataclass(frozen=True)
class Symptom:
    """code: the finding's; pattern: what the text has; says: what is behind it; help: the next step."""

    code: str
    pattern: str
    says: str
    help: str


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "MK101",
        r"command must be one of",
        "the Modelfile has an instruction that Ollama does not know (PROJECTOR has never been one)",
        "`mkmodelfile lint Modelfile` names the line; a projector is a second FROM, which `build` writes",
    ),
    Symptom(
        "MK102",
        r"unknown parameter '?\"?([\w-]+)",
        "the Modelfile sets a parameter that this Ollama does not know",
        "`mkmodelfile lint Modelfile` says which and what is near it",
    ),
    Symptom(
        "MK220",
        r"template error|template: :\d+|template: .*executing|in operand|function \"\w+\" not defined",
        "the TEMPLATE is not a Go template, or fails while it is executed",
        "`mkmodelfile lint Modelfile` says where; `mkmodelfile compile` makes one from the chat template",
    ),
    Symptom(
        "MK230",
        r"does not support tools",
        "the request offers tools, and neither TEMPLATE nor chat template shows them",
        "`mkmodelfile compile` the model's own chat template, which may; else send no tools",
    ),
    Symptom(
        "MK230",
        r"does not support thinking",
        "the request asks for thinking, and the TEMPLATE shows no `.Thinking` between tags",
        "`mkmodelfile compile` the model's own chat template, or send no `think`",
    ),
    Symptom(
        "MK856",
        r"does not support multimodal|missing data required for image|does not support (?:vision|images)",
        "a picture was sent to a model without a projector",
        "`mkmodelfile build` finds the mmproj file beside the model and writes it; publish again",
    ),
    Symptom(
        "MK854",
        r"Failed to load CLIP model|failed to load mmproj",
        "the engine cannot load the projector: another model's, or of a type it does not know",
        "`mkmodelfile inspect MODEL.gguf MMPROJ.gguf` says whether the two fit",
    ),
    Symptom(
        "MK853",
        r"signal: segmentation fault|SIGSEGV|exit status 139",
        "the engine crashed, most often on a projector whose type is not that of its tensors",
        "`mkmodelfile inspect MODEL.gguf MMPROJ.gguf` says whether the two fit",
    ),
    Symptom(
        "MK855",
        r"unexpected EOF|(?:llama runner|llama-server) process (?:has terminated|no longer running)",
        "the engine ended in the middle, as it does on the first picture with a text GGUF that was converted "
        "before vision support",
        "`mkmodelfile inspect` both files; `mkmodelfile verify NAME --package .` tries each part",
    ),
    Symptom(
        "MK857",
        r"requires more system memory|out of memory|cudaMalloc",
        "there is not enough memory for the model and its context",
        "use a smaller quantization or PARAMETER num_ctx, or stop other models (`ollama ps`)",
    ),
    Symptom(
        "MK808",
        r"pull model manifest: file does not exist|model ['\"]?[^'\"]*['\"]? not found|try pulling it first",
        "the server has no model of that name",
        "`mkmodelfile publish` creates it; `ollama list` shows what is there",
    ),
    Symptom(
        "MK802",
        r"connection refused|could not connect to (?:a running )?ollama|is the server running|dial tcp",
        "no Ollama server answers at that address",
        "`ollama serve` starts one; OLLAMA_HOST or --host says where it is",
    ),
    Symptom(
        "MK402",
        r"invalid file magic|unsupported (?:content type|architecture)|no Modelfile or safetensors",
        "the file named by FROM is no GGUF that Ollama can take",
        "`mkmodelfile inspect FILE` says what it is",
    ),
    Symptom(
        "MK901",
        r"no space left on device",
        "a disk is full: from 0.30 on Ollama keeps a second, rewritten copy of each GGUF",
        "free space where OLLAMA_MODELS is, then publish again",
    ),
)


def diagnose(text: str) -> tuple[Diagnostic, ...]:
    """The findings that an error message stands for; none where it is not known.

    text: as it was shown, with whatever is around it. What llama.cpp says comes first: it is the reason,
    and Ollama's sentence around it the consequence.
    """
    text = text[:MAX_TEXT]
    found: dict[str, Diagnostic] = {}
    case = Case("open", text, Path("the model"), Path("the projector"))
    for fault in FAULTS:
        if match := fault.pattern.search(text):
            found[fault.code] = _finding(fault.code, fault.says(match, case), fault.help)
    for symptom in SYMPTOMS:
        if symptom.code not in found and re.search(symptom.pattern, text, re.IGNORECASE):
            found[symptom.code] = _finding(symptom.code, symptom.says, symptom.help)
    return tuple(found.values())


def _finding(code: str, message: str, help: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, help=help)
