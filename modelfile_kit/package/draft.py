"""A first mkmodelfile.yaml from what the GGUF files say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..core.diagnostics import Diagnostic, Span
from ..core.errors import UsageError
from ..gguf_file import Header, read_header
from ..gguf_file.inputs import model_input
from ..gguf_file.pairing import FileKind, check_pair, classify
from ..gguf_file.projector_choice import find_projector
from ..gguf_file.soundness import check_soundness
from ..sources.places import known
from ..sources.resolve import exact_name
from .families import recognise

# Ollama's default depends on the server's video memory (0.34, server/routes.go: 4096, 32768 or 262144), so a
# package names its own: what every server can hold, or less where the model was trained on less.
DEFAULT_CONTEXT = 4096

# "-Q4_K_M", ".IQ3_XXS", "-F16", "-UD-Q4_K_XL": how quantizations are written at the end of file names.
_QUANTIZATION = re.compile(
    r"[-._](?:UD[-_])?(?:I?Q\d\w*|TQ\d\w*|MXFP4\w*|B?F16|F32|FP16|FP32)\Z", re.IGNORECASE
)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\Z")


@dataclass(frozen=True)
class Draft:
    """The text of a package file, what was seen in the files, and what is wrong with them."""

    text: str
    facts: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def package_name(model: Path) -> str:
    """A name for the package, from the model's file name without its quantization.

    model: the path of the GGUF. The result is valid for Ollama.
    """
    stem = _QUANTIZATION.sub("", _SPLIT.sub("", model.name.removesuffix(".gguf")))
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:80]
    return name if re.match(r"[a-z0-9_]", name) else "my-model"


def draft_package(model: Path, *, projector: str | None = None, folder: Path | None = None) -> Draft:
    """Reads the headers of a model and its projector and writes down what they mean for a package.

    model: a GGUF that is a model; projector: a path, `none`, or None to look beside the model;
    folder: where the package file will be, the model's folder by default.
    Raises GGUFError for a file that is not sound, UsageError for one that is no model.
    """
    for path in (model, Path(projector or "none")):
        if any("\udc80" <= c <= "\udcff" for c in path.name):
            raise UsageError(
                "the file's name is not UTF-8 text, so no package file can name it",
                span=Span(str(path)),
                help="rename the file",
            )
    header = read_header(model)
    kind = classify(header)
    if kind is not FileKind.MODEL:
        raise UsageError(
            f"this GGUF is a {kind.value}, not a model",
            span=Span(str(model)),
            help="name the text model; a projector goes into --projector",
        )
    facts = [f"architecture {header.architecture}"]
    found = recognise(header)
    if found:
        facts.append(f"family {found.family.id} ({found.family.title})")
    if projector is None:
        choice = find_projector(model, model=header)
        facts.append(f"projector: {choice.reason}")
        diagnostics = list(choice.diagnostics)
        chosen = read_header(choice.path) if choice.path else None
    else:
        chosen = None if projector == "none" else read_header(projector)
        # A model that is packaged without images on purpose lacks nothing.
        diagnostics = check_pair(header, chosen) if chosen else []
    facts.append(f"input: {', '.join(model_input(header, chosen))}")
    diagnostics = [*check_soundness(header), *(check_soundness(chosen) if chosen else ()), *diagnostics]
    family = found.family.id if found else None
    text = _text(header, model, projector, folder or model.parent, family)
    return Draft(text, tuple(facts), tuple(diagnostics))


def _text(header: Header, model: Path, projector: str | None, folder: Path, family: str | None) -> str:
    has_template = "tokenizer.chat_template" in header.metadata
    source = "gguf" if has_template or not family else f"family:{family}"
    note = "the GGUF's own" if source == "gguf" else "the GGUF has none; this is the family's"
    context = min(DEFAULT_CONTEXT, header.metadata.integer(header.own("context_length")) or DEFAULT_CONTEXT)
    seen = (
        "auto" if projector is None else projector if projector == "none" else _named(Path(projector), folder)
    )
    lines = [
        f"name: {_scalar(package_name(model))}",
        f"model: {_scalar(_named(model, folder))}",
        f"projector: {_scalar(seen)}  # a path, auto (look beside the model) or none",
        f"chat_template: {_scalar(source)}  # {note}; or a .jinja file",
        "end_token: auto",
        "stop: auto",
        f"parameters: {{num_ctx: {context}}}  # without num_ctx, Ollama decides by the server's video memory",
        'target: ">=0.30"  # the oldest Ollama it must work on',
    ]
    return "\n".join(lines) + "\n"


def _named(path: Path, folder: Path) -> str:
    """The name of a file that a name stood for, with the state of the repository; else its path."""
    found = known(path)
    return _relative(path, folder) if found is None else exact_name(found.repository, found.file)


def _relative(path: Path, folder: Path) -> str:
    # Links stay what they are: in Hugging Face's cache only they have the files' names.
    here, root = (Path(os.path.abspath(p)) for p in (path, folder))  # noqa: PTH100
    try:
        return here.relative_to(root).as_posix()
    except ValueError:
        return here.as_posix()


def _scalar(text: str) -> str:
    import yaml

    return str(yaml.safe_dump(text, allow_unicode=True, width=10_000)).removesuffix("...\n").strip()
