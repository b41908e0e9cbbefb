"""A first mkmodelfile.yaml from what the GGUF files say."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.diagnostics import Diagnostic, Span
from ..core.errors import UsageError
from ..gguf_file import Header, read_header
from ..gguf_file.inputs import model_input
from ..gguf_file.pairing import FileKind, check_pair, classify
from ..gguf_file.projector_choice import find_projector
from ..gguf_file.quantization import AT_END, quantization_of, stem_of, tag_of
from ..gguf_file.same_model import other_model
from ..gguf_file.soundness import check_soundness
from ..gguf_file.split import split_of
from ..sources.name import HUB, MODELSCOPE
from ..sources.places import known
from ..sources.quantizations import contents_of
from ..sources.resolve import exact_name
from .families import recognise
from .schema_line import SCHEMA_LINE

MAIN = "Q4_K_M"  # what Ollama takes of a hub's repository where no tag is given

REMARK = "# The repository has these quantizations. As `variants` each becomes a tag:"

# Ollama's default depends on the server's video memory (0.34, server/routes.go: 4096, 32768 or 262144), so a
# package names its own: what every server can hold, or less where the model was trained on less.
DEFAULT_CONTEXT = 4096


@dataclass(frozen=True)
class Draft:
    """The text of a package file, what was seen in the files, and what is wrong with them.

    headline: the facts in one line; "" where all of them have to be read.
    """

    text: str
    facts: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    headline: str = ""


def package_name(model: Path) -> str:
    """A name for the package, from the model's file name without its quantization.

    model: the path of the GGUF. The result is valid for Ollama.
    """
    stem = AT_END.sub("", stem_of(model.name))
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:80]
    return name if re.match(r"[a-z0-9_]", name) else "my-model"


def draft_variants(
    models: Sequence[Path], *, projector: str | None = None, folder: Path | None = None
) -> Draft:
    """A package file for several GGUFs of one model, with a tag for each.

    models: in any order, with parts of split models and projectors among them, as a shell's `*.gguf` gives
    them. The main one is Q4_K_M, as where Ollama pulls from a hub, else the first. projector, folder: as of
    `draft_package`.
    Raises GGUFError for a file that is not sound, UsageError for files that are not one model's.
    """
    found, projectors = _sorted_out(models)
    if not found:
        return draft_package(models[0], projector=projector, folder=folder)
    if projector is None and len(projectors) == 1:
        projector = str(projectors[0])
    if len(found) == 1:
        return draft_package(found[0].path, projector=projector, folder=folder)
    _must_be_one_model(found)
    tags = _tags(found)
    main = next((f for f in found if f.quantization.upper() == MAIN), found[0])
    draft = _without_remark(draft_package(main.path, projector=projector, folder=folder))
    place = folder or main.path.parent
    lines = [f"  {scalar(tags[f.path])}: {scalar(_named(f.path, place))}" for f in found]
    # The package may get another name than the model's, so tags stand alone.
    facts = [f"tag {tags[f.path]}: {f.path.name}" for f in found]
    facts.append(f"without a tag: {main.path.name}")
    whole = "".join(f"{line}\n" for line in ("variants:  # each becomes a tag of the name", *lines))
    diagnostics = [
        *draft.diagnostics,
        *(d for f in found if f is not main for d in check_soundness(f.header)),
    ]
    headline = f"{draft.headline}; tags {', '.join(tags[f.path] for f in found)}"
    return Draft(draft.text + whole, (*draft.facts, *facts), tuple(dict.fromkeys(diagnostics)), headline)


def _without_remark(draft: Draft) -> Draft:
    """Without the variants that could be added, where there are some already."""
    return replace(draft, text=draft.text.partition(REMARK)[0])


@dataclass(frozen=True)
class _Found:
    path: Path
    header: Header
    quantization: str


def _sorted_out(paths: Sequence[Path]) -> tuple[list[_Found], list[Path]]:
    """The models, each split one by its first part, and the projectors."""
    models: dict[Path, _Found] = {}
    projectors = []
    for path in paths:
        header = read_header(path)
        kind = classify(header)
        if kind is FileKind.PROJECTOR:
            projectors.append(path)
            continue
        split = split_of(header)
        if split is not None and split.parts and split.number:
            path = split.parts[0]
            if path in models:
                continue
            header = read_header(path)
        if classify(header) is not FileKind.MODEL:
            raise UsageError(
                f"this GGUF is a {kind.value}, not a model",
                span=Span(str(path)),
                help="name models and their projector alone",
            )
        models.setdefault(path, _Found(path, header, quantization_of(header)))
    return list(models.values()), projectors


def _must_be_one_model(found: Sequence[_Found]) -> None:
    first = found[0]
    for other in found[1:]:
        if why := other_model(other.header, first.header):
            raise UsageError(
                f"{other.path.name} is another model than {first.path.name}: {why}",
                span=Span(str(other.path)),
                help="`variants` are quantizations of one model: call `mkmodelfile init` once for each model",
            )


def _tags(found: Sequence[_Found]) -> dict[Path, str]:
    """A tag for each file, by its quantization. Raises UsageError for two files of one."""
    tags: dict[Path, str] = {}
    taken: dict[str, Path] = {}
    for one in found:
        tag = re.sub(r"[^A-Za-z0-9._-]+", "-", tag_of(one.quantization or stem_of(one.path.name).lower()))
        if (other := taken.get(tag.casefold())) is not None:
            raise UsageError(
                f"{one.path.name} and {other.name} are both {one.quantization}, and a tag is one file's",
                span=Span(str(one.path)),
                help="leave one of them out, or write the package file by hand with tags of your own",
            )
        taken[tag.casefold()] = one.path
        tags[one.path] = tag
    return tags


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
        if choice.path is not None and known(choice.path) is not None:
            projector = str(choice.path)  # a name that goes on meaning this file
    else:
        chosen = None if projector == "none" else read_header(projector)
        # A model that is packaged without images on purpose lacks nothing.
        diagnostics = check_pair(header, chosen) if chosen else []
    takes = ", ".join(model_input(header, chosen))
    facts.append(f"input: {takes}")
    headline = [f"{model.name}: {header.architecture}", f"family {found.family.id}" if found else ""]
    headline += [f"projector {Path(chosen.source).name}" if chosen else "no projector", f"input {takes}"]
    diagnostics = [*check_soundness(header), *(check_soundness(chosen) if chosen else ()), *diagnostics]
    family = found.family.id if found else None
    text = _text(header, model, projector, folder or model.parent, family)
    said = "; ".join(filter(None, headline))
    return Draft(text + _others_there(model), tuple(facts), tuple(diagnostics), said)


def _others_there(model: Path) -> str:
    """The other quantizations of a hub's repository, as `variants` that only have to be uncommented."""
    found = known(model)
    if found is None or found.repository.name.kind not in (HUB, MODELSCOPE):
        return ""
    choices = contents_of(found.repository.files()).models
    own = next((c for c in choices if found.file in c.parts), None)
    others = [c for c in choices if own and c.name and c.stem == own.stem and not c.missing]
    if own is None or len(others) < 2 or len({c.name for c in others}) < len(others):
        return ""
    lines = [REMARK, "# variants:"]
    for choice in others:
        size = "" if choice.size is None else f"  # {choice.size / 1e6:,.1f} MB"
        name = exact_name(found.repository, choice.file)
        lines.append(f"#   {scalar(tag_of(choice.name))}: {scalar(name)}{size}")
    return "\n".join(lines) + "\n"


def _text(header: Header, model: Path, projector: str | None, folder: Path, family: str | None) -> str:
    has_template = "tokenizer.chat_template" in header.metadata
    source = "gguf" if has_template or not family else f"family:{family}"
    note = "the GGUF's own" if source == "gguf" else "the GGUF has none; this is the family's"
    context = min(DEFAULT_CONTEXT, header.metadata.integer(header.own("context_length")) or DEFAULT_CONTEXT)
    seen = (
        "auto" if projector is None else projector if projector == "none" else _named(Path(projector), folder)
    )
    lines = [
        f"name: {scalar(package_name(model))}",
        f"model: {scalar(_named(model, folder))}",
        f"projector: {scalar(seen)}  # a path, auto (look beside the model) or none",
        f"chat_template: {scalar(source)}  # {note}; or a .jinja file",
        "end_token: auto",
        "stop: auto",
        f"parameters: {{num_ctx: {context}}}  # without num_ctx, Ollama decides by the server's video memory",
        'target: ">=0.30"  # the oldest Ollama it must work on',
    ]
    return SCHEMA_LINE + "\n".join(lines) + "\n"


def _named(path: Path, folder: Path) -> str:
    """The name of a file that a name stood for, with the state of the repository; else its path."""
    found = known(path)
    return relative_path(path, folder) if found is None else exact_name(found.repository, found.file)


def relative_path(path: Path, folder: Path) -> str:
    """A path as a package file in that folder names it: from the folder where it is within, else whole."""
    # Links stay what they are: in Hugging Face's cache only they have the files' names.
    here, root = (Path(os.path.abspath(p)) for p in (path, folder))  # noqa: PTH100
    try:
        return here.relative_to(root).as_posix()
    except ValueError:
        return here.as_posix()


def scalar(text: str) -> str:
    """A text as YAML writes it in one line."""
    import yaml

    return str(yaml.safe_dump(text, allow_unicode=True, width=10_000)).removesuffix("...\n").strip()
