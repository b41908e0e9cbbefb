"""A package for a folder that has no GGUF yet: what a trainer wrote, or a downloaded original model.

llama.cpp converts it; the package names the file that will come out, and the chat template that is here.
The command lines are those of llama.cpp's convert_hf_to_gguf.py and convert_lora_to_gguf.py.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, UsageError
from ..core.files import read_file
from ..core.listed import some
from ..huggingface.chat_template_file import load_chat_template
from ..package.draft import DEFAULT_CONTEXT, Draft, package_name, relative_path, scalar
from ..package.schema_line import SCHEMA_LINE
from ..sources.folder import CONVERT, describe_folder
from ..sources.text_files import CHAT_TEMPLATE_FILES

NO_TEMPLATE = "MK562"

_WEIGHTS = re.compile(r"(?:.*\.safetensors|pytorch_model.*\.bin|consolidated.*\.pth|adapter_model\.bin)")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json")
# Keys of config.json by which a model has an encoder of images or sounds (llama.cpp, convert_hf_to_gguf.py).
_ENCODERS = ("vision_config", "audio_config", "vit_config", "vision_encoder", "visual", "mm_vision_tower")
_LFS = b"version https://git-lfs"
MAX_JSON = 64 << 20


@dataclass(frozen=True)
class _Folder:
    """weights: names of files; config: of the model, {} without one; adapter: the same of a LoRA adapter."""

    path: Path
    names: frozenset[str]
    weights: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    adapter: Mapping[str, Any] | None = None


def ggufs_in(folder: Path) -> list[Path]:
    """The GGUF files of a folder, by name. Raises UsageError where it cannot be read."""
    return sorted(folder / name for name in _names(folder) if name.lower().endswith(".gguf"))


def draft_folder(folder: Path, place: Path) -> Draft:
    """A package for a folder with weights that have to be converted, and how to convert them.

    place: the folder of the package file. Raises UsageError for a folder without weights,
    or with some that cannot be converted.
    """
    found = _look(folder)
    _must_convert(found)
    adapter = found.adapter is not None
    base = package_name(Path(folder.absolute().name))
    kind = _type(found)
    out = f"{base}-lora-{kind.upper()}.gguf" if adapter else f"{base}-{kind.upper()}.gguf"
    commands = list(_commands(found, base, out, kind))
    template, wrong = _template(found, place)
    lines = [
        "# There is no GGUF yet. llama.cpp makes it:",
        *(f"#   {command}" for command in commands),
        f"name: {scalar(base)}",
    ]
    lines.append(f"model: {scalar(relative_path(folder / (_merged(base) if adapter else out), place))}")
    lines += [
        f"projector: {'auto' if adapter or _encoders(found) else 'none'}",
        f"chat_template: {scalar(template)}",
        f"tokenizer: {scalar(_tokenizer(found, place))}",
        "end_token: auto",
        "stop: auto",
        f"parameters: {{num_ctx: {_context(found)}}}",
        'target: ">=0.30"',
    ]
    what = f"a LoRA adapter of {_shown_base(found)}" if adapter else "a model"
    count = f"{len(found.weights)} {'file' if len(found.weights) == 1 else 'files'}"
    merging = f"; {_base_file(found)} stands for a GGUF of {_shown_base(found)}" if adapter else ""
    smaller = shlex.quote(_merged(base) if adapter else out)
    facts = [
        f"{folder} has {what} in {count} and no GGUF; convert it with llama.cpp{merging}:",
        *(f"  {command}" for command in commands),
        f"chat template: {template}",
        f"then `mkmodelfile build`; `mkmodelfile quantize {smaller} q4_K_M` makes the model smaller",
    ]
    return Draft(SCHEMA_LINE + "\n".join(lines) + "\n", tuple(facts), tuple(wrong))


def _look(folder: Path) -> _Folder:
    names = _names(folder)
    weights = tuple(sorted(n for n in names if _WEIGHTS.fullmatch(n)))
    if not weights:
        checkpoints = sorted(
            (n for n in names if re.fullmatch(r"checkpoint-\d+", n)), key=lambda n: int(n.rpartition("-")[2])
        )
        what, advice = describe_folder(folder)
        if checkpoints:
            what = f"has no weights itself, but {len(checkpoints)} checkpoints of a trainer"
            advice = f"name one of them, such as {folder / checkpoints[-1]}"
        raise UsageError(what, span=Span(str(folder)), help=advice)
    adapter = _json(folder / "adapter_config.json") if "adapter_config.json" in names else None
    config = _json(folder / "config.json") if "config.json" in names else {}
    return _Folder(folder, frozenset(names), weights, config, adapter)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir())
    except OSError:
        what, advice = describe_folder(folder)
        raise UsageError(what, span=Span(str(folder)), help=advice) from None


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(read_file(path, MAX_JSON))
    except (OSError, ValueError, RecursionError) as error:
        message, advice = f"is no JSON that can be read: {error}", f"save the model again; then {CONVERT}"
        raise UsageError(message, span=Span(str(path)), help=advice) from error
    return value if isinstance(value, Mapping) else {}


def _type(found: _Folder) -> str:
    """The type that keeps the weights as they are."""
    text = found.config.get("text_config")
    inner = text if isinstance(text, Mapping) else {}
    kinds = [c.get(key) for c in (found.config, inner) for key in ("dtype", "torch_dtype")]
    return "bf16" if "bfloat16" in kinds else "f16"


def _encoders(found: _Folder) -> list[str]:
    return [key for key in _ENCODERS if found.config.get(key)]


def _commands(found: _Folder, base: str, out: str, kind: str) -> Iterator[str]:
    folder = shlex.quote(str(found.path))
    where = shlex.quote(str(found.path / out))
    if found.adapter is not None:
        model = found.adapter.get("base_model_name_or_path")
        here = isinstance(model, str) and Path(model).is_dir()
        more = f" --base {shlex.quote(str(model))}" if here else "" if model else " --base-model-id ORG/MODEL"
        yield f"python convert_lora_to_gguf.py {folder} --outfile {where} --outtype {kind}{more}"
        # Ollama takes no adapters any more; merged, the model works on every release.
        merged = shlex.quote(str(found.path / _merged(base)))
        yield f"llama-export-lora -m {shlex.quote(_base_file(found))} --lora {where} -o {merged}"
        return
    yield f"python convert_hf_to_gguf.py {folder} --outfile {where} --outtype {kind}"
    if _encoders(found):
        # A converter that puts another `mmproj-` before the name does no harm: `projector: auto` finds both.
        named = shlex.quote(str(found.path / f"mmproj-{base}-F16.gguf"))
        yield f"python convert_hf_to_gguf.py {folder} --mmproj --outfile {named} --outtype f16"


def _template(found: _Folder, place: Path) -> tuple[str, list[Diagnostic]]:
    """What `chat_template` is to be: a file of the folder that has one, else the GGUF's."""
    reasons = []
    for name in CHAT_TEMPLATE_FILES:
        if name not in found.names:
            continue
        try:
            load_chat_template(found.path / name)
        except KitError as error:
            reasons.append(f"{name}: {error.message}")
            continue
        return relative_path(found.path / name, place), []
    why = "; ".join(reasons) or f"none of {', '.join(CHAT_TEMPLATE_FILES)} is there"
    where = "" if found.adapter is None else "; the base model's GGUF may have one"
    return "gguf", [
        Diagnostic(
            NO_TEMPLATE,
            Severity.WARNING,
            f"the folder has no chat template ({why}), so the GGUF will have none{where}",
            Span(str(found.path)),
            "copy the chat template of the model that was trained into the folder",
        )
    ]


def _tokenizer(found: _Folder, place: Path) -> str:
    there = any(name in found.names for name in _TOKENIZERS)
    return relative_path(found.path, place) if there else "auto"


def _context(found: _Folder) -> int:
    text = found.config.get("text_config")
    inner = text if isinstance(text, Mapping) else {}
    lengths = [c.get("max_position_embeddings") for c in (found.config, inner)]
    return min([DEFAULT_CONTEXT, *(n for n in lengths if isinstance(n, int) and n > 0)])


def _merged(base: str) -> str:
    return f"{base}-merged.gguf"


def _shown_base(found: _Folder) -> str:
    model = (found.adapter or {}).get("base_model_name_or_path")
    return model.replace("\n", " ") if isinstance(model, str) and model else "the model that was trained"


def _base_file(found: _Folder) -> str:
    """A name for the base model's GGUF: nobody here knows where it is."""
    model = (found.adapter or {}).get("base_model_name_or_path")
    name = Path(model).name if isinstance(model, str) and model else "base-model"
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.') or 'base-model'}.gguf"


def _must_convert(found: _Folder) -> None:
    """Raises UsageError where a conversion would fail, as far as the folder shows it."""
    for what, advice in (*_missing(found), *_pointers(found)):
        raise UsageError(what, span=Span(str(found.path)), help=f"{advice}; then {CONVERT}")


def _missing(found: _Folder) -> Iterator[tuple[str, str]]:
    if found.adapter is not None:
        return
    if not found.config:
        yield (
            "config.json is missing or empty, and the converter reads the architecture from it",
            "copy it from the model that was trained",
        )
    if not any(name in found.names for name in _TOKENIZERS):
        yield (
            f"no tokenizer is here (none of {', '.join(_TOKENIZERS)}), and the converter needs it",
            "save the tokenizer too: tokenizer.save_pretrained(FOLDER)",
        )
    for name in sorted(n for n in found.names if n.endswith((".safetensors.index.json", ".bin.index.json"))):
        weights = _json(found.path / name).get("weight_map")
        files = {f for f in weights.values() if isinstance(f, str)} if isinstance(weights, Mapping) else set()
        if absent := sorted(files - found.names):
            yield (
                f"{name} lists {len(files)} files, of which {some(absent)} "
                f"{'is' if len(absent) == 1 else 'are'} not here",
                "download the rest, or save the model again",
            )


def _pointers(found: _Folder) -> Iterator[tuple[str, str]]:
    for name in found.weights:
        if read_file(found.path / name, len(_LFS)) == _LFS:
            yield f"{name} is a Git LFS pointer and not the weights", "run `git lfs pull` in the folder"
