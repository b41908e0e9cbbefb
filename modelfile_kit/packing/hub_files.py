"""The files that a repository on Hugging Face's hub needs for `ollama run hf.co/ORG/REPO`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..building.build import Build, default_output, modelfile_beside
from ..building.output import MODELFILE, require_own, write_files
from ..building.plan import stop_on_errors
from ..building.sources import license_text
from ..core.diagnostics import Diagnostic
from ..core.progress import Progress
from ..ollama.grammar import Modelfile
from ..ollama.parameters import Refusal, add_parameter, read_parameter
from ..ollama.versions import Target
from .bring_here import bring_here
from .file_names import hub_names, quantization_label
from .hub_limits import check_for_hub, hub_template
from .model_card import CARD, own_card, write_card

FOLDER = "hf"
TEMPLATE, SYSTEM, PARAMS, LICENSE = "template", "system", "params", "LICENSE"
SETTINGS = (TEMPLATE, SYSTEM, PARAMS)
"""What the hub reads beside the GGUFs: https://huggingface.co/docs/hub/ollama."""


@dataclass(frozen=True)
class HubFiles:
    """A repository's files.

    texts: by name, what is written; files: by name, the GGUFs; label: the quantization by which the hub finds
    the model, "" where its name has none; diagnostics: what the hub cannot carry.
    """

    texts: Mapping[str, bytes]
    files: Mapping[str, Path]
    label: str
    diagnostics: tuple[Diagnostic, ...]


def hub_files(built: Build) -> HubFiles:
    """What a build becomes on the hub.

    Raises BuildError with all findings where the hub would serve another model, or other prompts.
    """
    found = check_for_hub(built)
    stop_on_errors(found)
    names, package = hub_names(built), built.package
    model = names[built.files.model]
    label = quantization_label(model)
    texts = {
        TEMPLATE: hub_template(built).encode(),
        PARAMS: params_bytes(built.modelfile, Target.parse(package.target)),
        MODELFILE: str(modelfile_beside(built, names)).encode(),
    }
    if system := built.modelfile.last("system"):
        texts[SYSTEM] = system.encode()
    if (terms := license_text(package)) is not None:
        texts[LICENSE] = terms.encode()
    texts[CARD] = own_card(package.folder) or write_card(built, label)
    return HubFiles(texts, {name: file for file, name in names.items()}, label, tuple(found))


def write_hub_files(
    built: Build, output: Path | None = None, *, progress: Progress | None = None
) -> tuple[Path, HubFiles]:
    """Writes them into a folder, `hf` in the build's own by default; a model card that is there stays.

    Raises as `hub_files` does, UsageError where the folder cannot be written or has files of these names that
    no build wrote, SourceError where a file that lies elsewhere cannot be fetched.
    """
    made = hub_files(built)
    folder = output if output is not None else default_output(built.package) / FOLDER
    require_own(folder, (MODELFILE, *SETTINGS))
    bring_here(built, progress=progress)
    texts = {n: data for n, data in made.texts.items() if n != CARD or not (folder / CARD).exists()}
    write_files(folder, {**made.files, **texts})
    for name in SETTINGS:
        # One of an earlier build would still be read.
        if name not in texts:
            (folder / name).unlink(missing_ok=True)
    return folder, made


def params_bytes(modelfile: Modelfile, target: Target) -> bytes:
    """The PARAMETERs as the hub wants them: the JSON that Ollama keeps of them.

    Without stops an empty list is written, so that nobody adds some.
    """
    values: dict[str, Any] = {"stop": []}
    for instruction in modelfile.all("parameter"):
        value = read_parameter(instruction.key, instruction.value, target)
        if value is None or isinstance(value, Refusal):
            continue  # a deprecated one, which the build has told
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        add_parameter(values, instruction.key, value)
    return (json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
