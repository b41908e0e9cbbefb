"""Looks at one model: its header by ranges, its projector, its memory. Runs in a worker process."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.diagnostics import Diagnostic
from ..core.errors import GGUFError, KitError
from ..core.os_errors import os_reason
from ..fit import Settings, estimate
from ..fit.sources import model_of
from ..gguf_file import Header, read_header
from ..gguf_file.description import file_type
from ..gguf_file.inputs import model_input
from ..gguf_file.neighbours import state_around
from ..gguf_file.pairing import FileKind, check_pair, classify
from ..gguf_file.projector_choice import find_projector
from ..gguf_file.soundness import check_soundness
from ..gguf_file.vocabulary import Vocabulary
from ..package.families import recognise
from ..sources.places import forgetting, take_remarks
from ..sources.resolve import Resolved, resolve
from .rows import FAILED, Row, worst
from .templates import Judged, Template, codes_of

CONTEXT = 4096  # tokens, of the memory that a row tells


@dataclass(frozen=True)
class Looked:
    """What a model's header says.

    row: without what is said of the template; template: None for a model that has none; found: codes and
    severities; read: bytes that came over the network; unchanged: the revision is the known one, so that
    nothing was read.
    """

    row: Row
    template: Template | None = None
    found: tuple[tuple[str, str], ...] = ()
    read: int = 0
    unchanged: bool = False


def look(name: str, known: str = "") -> Looked:
    """Reads what is needed of one model; a fault of the model or its place becomes its row.

    name: any name of a model (docs/names.md); known: the revision of which a row is there already.
    """
    with forgetting():
        try:
            looked = _look(name, known)
        except KitError as e:
            looked = Looked(lost(name, e.code, e.message))
        except OSError as e:
            looked = Looked(lost(name, "MK903", f"cannot be read: {os_reason(e)}"))
        return replace(looked, read=sum(remark.read for remark in take_remarks()))


def lost(name: str, code: str, message: str) -> Row:
    """The row of a model that could not be looked at."""
    return Row(name, verdict=FAILED, error=f"{code}: {message}")


def _look(name: str, known: str) -> Looked:
    resolved = resolve(name)
    revision = resolved.revision or _revision_of_file(resolved.path)
    if known and revision == known:
        return Looked(Row(name, revision), unchanged=True)
    header = read_header(resolved.path)
    row = Row(
        name,
        revision,
        resolved.parts[0].path if resolved.parts else resolved.path.name,
        resolved.digest,
        resolved.size or header.size or 0,
    )
    kind = classify(header)
    if kind is not FileKind.MODEL:
        message = f"MK415: it is a {kind.value}, expected a model"
        return Looked(replace(row, verdict=FAILED, error=message))
    found = [*check_soundness(header)]
    projector = _projector(resolved, header, found)
    vocabulary = _vocabulary(header, found)
    family = recognise(header)
    row = replace(
        row,
        quantization=file_type(header) or "",
        architecture=header.architecture,
        family=family.family.id if family else "",
        parameters=header.parameter_count,
        vocabulary=len(vocabulary) if vocabulary else 0,
        context=header.metadata.integer(header.own("context_length")) or 0,
        input=",".join(model_input(header, projector)),
        projector=Path(projector.source).name if projector else "",
        memory=_memory(header, projector),
    )
    text = vocabulary.chat_templates.get("default") if vocabulary else None
    template = Template(text, vocabulary.bos_text, vocabulary.eos_text) if vocabulary and text else None
    return Looked(replace(row, template=template.sha256 if template else ""), template, codes_of(found))


def finished(looked: Looked, judged: Judged | None) -> Row:
    """The whole row; judged: what the template came to, None for a model without one."""
    row = looked.row
    if row.verdict == FAILED:
        return row
    found, safety = set(looked.found), set(judged.safety if judged else ())
    if judged is not None:
        found |= set(judged.found)
        row = replace(
            row,
            chat=judged.coverage.get("chat", "unsupported"),
            tools=judged.coverage.get("tools", "unsupported"),
            thinking=judged.coverage.get("thinking", "unsupported"),
            images=judged.coverage.get("images", "unsupported"),
            parser=judged.parser,
            answer=judged.replies.get("answer", ""),
            thought=judged.replies.get("thinking", ""),
            calls=judged.replies.get("tools", ""),
        )
    return replace(
        row,
        safety=" ".join(sorted(code for code, _ in safety)),
        findings=" ".join(sorted({code for code, _ in found})),
        verdict=worst([severity for _, severity in found | safety]),
    )


def _revision_of_file(path: Path) -> str:
    """Changes with what a row rests on: the file, its other parts, and the projectors around it."""
    info = path.stat()
    return f"{info.st_size}-{info.st_mtime_ns}-{state_around(path)}"


def _projector(resolved: Resolved, header: Header, found: list[Diagnostic]) -> Header | None:
    """The header of the projector that a build would take; what is wrong with the pair goes into `found`."""
    choice = find_projector(resolved.path, model=header)
    found += choice.diagnostics
    if choice.path is None:
        return None
    try:
        projector = read_header(choice.path)
    except GGUFError as e:
        found.append(e.to_diagnostic())
        return None
    found += [*check_soundness(projector), *check_pair(header, projector)]
    return projector


def _vocabulary(header: Header, found: list[Diagnostic]) -> Vocabulary | None:
    try:
        return Vocabulary.from_header(header)
    except GGUFError as e:
        found.append(e.to_diagnostic())
        return None


def _memory(header: Header, projector: Header | None) -> int:
    with contextlib.suppress(GGUFError):
        told = estimate(model_of(header), Settings(CONTEXT), projector)
        return 0 if told.unknown else told.total
    return 0
